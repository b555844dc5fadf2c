import { describe, expect, test } from 'vitest';

import {
  compareCounts,
  proofOf,
  type WalkCounts,
  withUnknownErrors,
} from '../../../domain/volumes/proof.ts';
import type { StoredCopy, VolumeCopy } from '../../../domain/volumes/volume-copy.ts';

const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: '0.0', xattrs: {} };
const EMPTY: VolumeCopy = { outcome: 'Empty', root: ROOT };

function copied(files: number, bytes: number, changes: Partial<StoredCopy> = {}): StoredCopy {
  const counts = { filesChanged: files, blobsAdded: files, addedBytes: bytes, storedBytes: bytes };
  return {
    outcome: 'Complete',
    snapshot: { snapshotId: 'a', startedAt: '2026-01-01T00:00:00Z', files, bytes, ...counts },
    isAdopted: false,
    root: ROOT,
    engine: { kind: 'restic', version: '0.19.1' },
    errorCount: 0,
    errors: [],
    ...changes,
  };
}

function walked(files: number, bytes: number, changes: Partial<WalkCounts> = {}): WalkCounts {
  const kinds = { directories: 0, symlinks: 0, sockets: 0, others: 0, mounts: 0 };
  const stable = { stableFiles: files, stableBytes: bytes };
  return { files, bytes, ...stable, ...kinds, changed: 0, vanished: 0, unreadable: 0, ...changes };
}

describe('counts of a copy and of a walk', () => {
  test('agree when they are equal, whatever moved meanwhile', () => {
    expect(compareCounts(copied(3, 10), walked(3, 10, { changed: 2 }))).toBe('Equal');
    expect(compareCounts(EMPTY, walked(0, 0, { sockets: 1 }))).toBe('Equal');
  });

  test('ask for another walk when they differ', () => {
    expect(compareCounts(copied(3, 10), walked(2, 9))).toBe('LookAgain');
    // One of the walks saw what the copy has, so the volume changed between them.
    expect(compareCounts(copied(3, 10), walked(2, 9), walked(3, 10))).toBe('Live');
  });

  test.each([
    ['a file too few', copied(2, 10)],
    ['a file too many', copied(4, 10)],
    ['a byte too few', copied(3, 9)],
    ['nothing at all', EMPTY],
  ])('contradict each other on a still volume: %s', (_, copy) => {
    expect(compareCounts(copy, walked(3, 10), walked(3, 10))).toBe('Mismatch');
  });

  test('explain a difference by what changed, as long as nothing is missing that did not', () => {
    const live = walked(5, 50, { changed: 2, stableFiles: 3, stableBytes: 30 });
    expect(compareCounts(copied(4, 35), walked(5, 50), live)).toBe('Live');
    // Somebody removed files after they were copied.
    expect(compareCounts(copied(9, 90), walked(5, 50), live)).toBe('Live');
    expect(compareCounts(copied(2, 35), walked(5, 50), live)).toBe('Mismatch');
    expect(compareCounts(copied(4, 29), walked(5, 50), live)).toBe('Mismatch');
  });

  test('never explain that nothing was copied of a volume with files', () => {
    const live = walked(1, 5, { changed: 2, stableFiles: 0, stableBytes: 0 });
    expect(compareCounts(copied(0, 0), walked(1, 5), live)).toBe('Mismatch');
    expect(compareCounts(EMPTY, walked(1, 5), live)).toBe('Mismatch');
    const unread = copied(0, 0, { outcome: 'Incomplete', errorCount: 1 });
    expect(compareCounts(unread, walked(1, 5), walked(1, 5))).toBe('Mismatch');
  });

  test('say nothing of a copy that lacks what could not be read', () => {
    const copy = copied(2, 10, { outcome: 'Incomplete', errorCount: 1 });
    expect(compareCounts(copy, walked(3, 20), walked(3, 20))).toBe('Incomplete');
  });
});

test('takes an adopted copy that lacks files for one with errors that nobody knows', () => {
  const adopted = copied(2, 10, { isAdopted: true });
  const after = walked(3, 20);
  const copy = withUnknownErrors(adopted, after);
  expect(copy).toEqual({ ...adopted, outcome: 'Incomplete', errorCount: 1 });
  expect(compareCounts(copy, after, after)).toBe('Incomplete');
  for (const other of [copied(2, 10), EMPTY, { ...adopted, snapshot: copied(0, 0).snapshot }]) {
    expect(withUnknownErrors(other, after)).toEqual(other);
  }
  expect(withUnknownErrors(adopted, walked(3, 20, { stableFiles: 2 }))).toEqual(adopted);
});

describe('the proof of a copy', () => {
  const walk = walked(3, 10);

  test('has the level that was reached', () => {
    expect(proofOf(copied(3, 10), { verdict: 'Equal', walk })).toEqual({
      level: 'Counts',
      counts: 'Equal',
      walkedFiles: 3,
      walkedBytes: 10,
      mountsLeftOut: 0,
      hasShrunk: false,
    });
    expect(proofOf(copied(3, 10), { verdict: 'Live', walk, readBack: 'Sample' })).toMatchObject({
      level: 'ReadBack',
      readBack: 'Sample',
    });
    const unread = copied(3, 10, { outcome: 'Incomplete' });
    expect(proofOf(unread, { verdict: 'Incomplete', walk, readBack: 'All' }).level).toBe('Engine');
  });

  test('is refused where the counts contradict it', () => {
    expect(() => proofOf(copied(2, 9), { verdict: 'Mismatch', walk })).toThrow(
      expect.objectContaining({
        code: 'copy-mismatch',
        message: 'the copy holds 2 files of 9 bytes, and the volume 3 files of 10 bytes',
      }),
    );
  });

  test.each([
    [{ files: 31, bytes: 20 }, true],
    [{ files: 30, bytes: 20 }, false],
    [{ files: 9, bytes: 90 }, false],
    [{ files: 3, bytes: 1024 * 1024 }, true],
  ])('warns when a volume of %j shrinks to 3 files of 10 bytes: %s', (before, hasShrunk) => {
    const parent = { snapshotId: 'p', ...before };
    const proof = proofOf(copied(3, 10, { parent }), { verdict: 'Equal', walk });
    expect(proof.hasShrunk).toBe(hasShrunk);
  });

  test('warns when a volume was emptied', () => {
    const parent = { snapshotId: 'p', files: 10, bytes: 10 };
    const proof = proofOf({ ...EMPTY, parent }, { verdict: 'Equal', walk: walked(0, 0) });
    expect(proof.hasShrunk).toBe(true);
  });
});
