import fc from 'fast-check';
import { expect, test } from 'vitest';

import { backupsOf, forgottenSnapshots } from '../../../domain/volumes/forgotten-snapshots.ts';

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
  const runs = new Map([
    ['nightly', new Set(['one'])],
    ['weekly', new Set<string>()],
    ['broken', undefined],
  ]);
  expect(forgottenSnapshots(snapshots, runs)).toEqual(['earlier', 'deleted']);
});

test('a snapshot whose run is known, or of whose backup nothing is known, never goes', () => {
  const name = fc.constantFrom<string[]>('a', 'b', 'c', 'd');
  const labels = fc.record({ backup: name, run: name }, { requiredKeys: [] });
  const known = fc.option(fc.uniqueArray(name), { nil: undefined });
  fc.assert(
    fc.property(fc.array(labels), fc.array(fc.tuple(name, known)), (all, entries) => {
      const runs = new Map(
        entries.map(([backup, ids]) => [backup, ids === undefined ? undefined : new Set(ids)]),
      );
      const snapshots = all.map((tags, index) => snapshot(String(index), { ...tags }));
      for (const id of forgottenSnapshots(snapshots, runs)) {
        const { backup = '', run = '' } = all[Number(id)] ?? {};
        expect(runs.get(backup)?.has(run)).toBe(false);
      }
    }),
  );
});
