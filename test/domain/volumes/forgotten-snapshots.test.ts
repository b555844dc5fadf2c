import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  backupsOf,
  forgottenSnapshots,
  type KnownRuns,
} from '../../../domain/volumes/forgotten-snapshots.ts';

// Goal: no snapshot goes that a backup may be restored from, or that is not Holdfast's.

function snapshot(snapshotId: string, labels: Record<string, string>) {
  return { snapshotId, labels };
}

test('a snapshot goes when its backup is gone, or belongs to another run by now', () => {
  const snapshots = [
    snapshot('recorded', { backup: 'nightly', run: 'one' }),
    snapshot('earlier', { backup: 'nightly', run: 'zero' }),
    snapshot('deleted', { backup: 'weekly', run: 'two' }),
    snapshot('unreadable', { backup: 'broken', run: 'three' }),
    snapshot('no-run', { backup: 'weekly' }),
    snapshot('foreign', { host: 'laptop' }),
  ];
  expect(backupsOf(snapshots)).toEqual(['nightly', 'weekly', 'broken']);
  const runs = new Map<string, KnownRuns>([
    ['nightly', new Map([['one', 'all']])],
    ['weekly', new Map()],
    ['broken', undefined],
  ]);
  expect(forgottenSnapshots(snapshots, runs)).toEqual(['earlier', 'deleted']);
});

test('of a run that has ended what no record names goes, such as the copy of a volume that moved', () => {
  const labels = { backup: 'nightly', run: 'one', part: '0' };
  const snapshots = [
    snapshot('void', { ...labels, epoch: '1.0' }),
    snapshot('named', { ...labels, epoch: '1.1' }),
    snapshot('of-a-live-run', { backup: 'now', run: 'two' }),
  ];
  const runs = new Map<string, KnownRuns>([
    ['nightly', new Map([['one', new Set(['named'])]])],
    ['now', new Map([['two', 'all']])],
  ]);
  expect(forgottenSnapshots(snapshots, runs)).toEqual(['void']);
});

test('a snapshot that a record names, or of whose run or backup nothing is known, never goes', () => {
  const name = fc.constantFrom<string[]>('a', 'b', 'c', 'd');
  const labels = fc.record({ backup: name, run: name }, { requiredKeys: [] });
  const ids = fc.uniqueArray(fc.nat(5).map(String));
  const named = fc.oneof(
    fc.constant('all' as const),
    ids.map((some) => new Set(some)),
  );
  const known = fc.option(
    fc.array(fc.tuple(name, named)).map((entries) => new Map(entries)),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(labels), fc.array(fc.tuple(name, known)), (all, entries) => {
      const runs = new Map<string, KnownRuns>(entries);
      const snapshots = all.map((tags, index) => snapshot(String(index), { ...tags }));
      for (const id of forgottenSnapshots(snapshots, runs)) {
        const { backup = '', run = '' } = all[Number(id)] ?? {};
        expect(runs.get(backup)).toBeDefined();
        const kept = runs.get(backup)?.get(run);
        expect(kept).not.toBe('all');
        expect(kept instanceof Set && kept.has(id)).toBe(false);
      }
    }),
  );
});
