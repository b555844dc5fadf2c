import { expect, test } from 'vitest';

import type { CoverageReport, VolumeCoverage } from '../../../domain/coverage.ts';
import type { CopyRecord } from '../../../domain/volumes/copy-record.ts';
import type { CopyProof } from '../../../domain/volumes/proof.ts';
import type { VolumeCopy } from '../../../domain/volumes/volume-copy.ts';
import { type CopyEnd, withCopies } from '../../../domain/volumes/volume-outcomes.ts';

function row(fields: Partial<VolumeCoverage>): VolumeCoverage {
  return {
    ...{ namespace: 'shop', source: 'persistentVolumeClaim', action: 'fs-backup' },
    reason: 'not-copied',
    ...fields,
  };
}

function report(items: readonly VolumeCoverage[]): CoverageReport {
  const leftOut: Record<string, number> = {};
  for (const { reason = '' } of items) {
    leftOut[reason] = (leftOut[reason] ?? 0) + 1;
  }
  return {
    ...{ version: 1, items: { expected: 0, captured: 0 }, types: [], groups: [] },
    ...{ namespaces: [], hooks: [], ambiguousNames: [] },
    volumes: { captured: 0, items, leftOut },
  };
}

const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: '0.0', xattrs: {} };
const STORED: VolumeCopy = {
  ...{ outcome: 'Complete', isAdopted: false, root: ROOT, errors: [], errorCount: 0 },
  engine: { kind: 'restic', version: '0.19.1' },
  snapshot: {
    ...{ snapshotId: 'f'.repeat(64), startedAt: '2026-01-01T00:00:00Z' },
    ...{ files: 3, bytes: 30, filesChanged: 3, blobsAdded: 3, addedBytes: 30, storedBytes: 20 },
  },
};

const PROOF: CopyProof = {
  ...{ level: 'ReadBack', counts: 'Equal', walkedFiles: 3, walkedBytes: 30, mountsLeftOut: 0 },
  hasShrunk: false,
};

function copied(claim: string, fields: Partial<CopyRecord> = {}): CopyEnd {
  return {
    kind: 'copied',
    record: {
      ...{ index: 0, namespace: 'shop', claim, source: 'persistentVolumeClaim' },
      ...{ node: 'node-a', readThrough: 'web', repository: 'r', clusterUid: 'c', proof: PROOF },
      ...{ startTimestamp: '', completionTimestamp: '', copy: STORED },
      ...fields,
    },
  };
}

test('a copied volume has its size and level in the report, and no reason', () => {
  const { report: ended, problems } = withCopies(report([row({ claim: 'data' })]), [
    copied('data'),
  ]);
  expect(ended.volumes).toEqual({
    captured: 1,
    items: [
      {
        ...{ namespace: 'shop', source: 'persistentVolumeClaim', action: 'fs-backup' },
        ...{ claim: 'data', copy: { outcome: 'Complete', files: 3, bytes: 30, level: 'ReadBack' } },
      },
    ],
    leftOut: {},
  });
  expect(problems).toEqual({ errors: [], warnings: [] });
});

test('a copy that failed is an error that says why, once', () => {
  const volume = { index: 1, namespace: 'shop', claim: 'data', source: 'persistentVolumeClaim' };
  const failure = { code: 'no-node-agent', message: 'no node agent takes work' } as const;
  const { report: ended, problems } = withCopies(report([row({ claim: 'data' })]), [
    { kind: 'failed', volume, failure },
  ]);
  expect(ended.volumes.leftOut).toEqual({ 'copy-failed': 1 });
  expect(problems.errors).toEqual([
    {
      code: 'no-node-agent',
      message: 'the volume shop/data was not copied: no node agent takes work',
      subject: 'volume shop/data',
    },
  ]);
});

test('a volume that nobody planned to copy came later, and other reasons stay', () => {
  const rows = [
    row({ claim: 'late' }),
    row({ claim: 'left', action: 'none', reason: 'opted-out' }),
    row({ claim: 'snapped', action: 'snapshot' }),
  ];
  const { report: ended, problems } = withCopies(report(rows), []);
  expect(ended.volumes.items.map(({ reason }) => reason)).toEqual([
    ...['chosen-later', 'opted-out', 'not-copied'],
  ]);
  expect(ended.volumes.leftOut).toEqual({ 'chosen-later': 1, 'opted-out': 1, 'not-copied': 1 });
  expect(problems.errors.map(({ message }) => message)).toEqual([
    '1 volume: no data of the volume was copied (shop/snapped)',
  ]);
});

test('files that could not be read are an error, and a volume that shrank is a warning', () => {
  const parent = { snapshotId: 'e'.repeat(64), files: 400, bytes: 4000 };
  const copy: VolumeCopy = { ...STORED, outcome: 'Incomplete', errorCount: 2, parent };
  const { problems, report: ended } = withCopies(report([row({ claim: 'data' })]), [
    copied('data', { copy, proof: { ...PROOF, hasShrunk: true } }),
  ]);
  expect(ended.volumes.captured).toBe(1);
  expect(problems.errors).toEqual([
    {
      code: 'volume-incomplete',
      message: `2 files of the volume shop/data could not be read; the backup's volumes file names them`,
      subject: 'volume shop/data',
    },
  ]);
  expect(problems.warnings).toEqual([
    {
      code: 'volume-shrank',
      message:
        'the volume shop/data has 3 files of 30 bytes, and had 400 files of 4000 bytes when it was copied before; see whether that was meant',
      subject: 'volume shop/data: shrank',
    },
  ]);
});

test('putting the copies into a report twice changes nothing more', () => {
  const ends = [copied('data')];
  const once = withCopies(report([row({ claim: 'data' }), row({ claim: 'late' })]), ends);
  expect(withCopies(once.report, ends)).toEqual(once);
});
