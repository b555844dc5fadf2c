import { expect, test } from 'vitest';

import { SteadyRun } from '../../cli/steady-run.ts';
import type { BackupResource, RunVolumes } from '../../domain/api-resource.ts';

function runWith(itemsDone: number, step: string, volumes?: Partial<RunVolumes>): BackupResource {
  const status = {
    ...{ phase: 'InProgress', step, warnings: 0, errors: 0 },
    progress: { itemsDone, itemsTotal: 100 },
    ...(volumes === undefined
      ? {}
      : { volumes: { total: 2, done: 0, failed: 0, filesDone: 0, bytesDone: 0, ...volumes } }),
  };
  // Of a run, only its status is looked at.
  return { kind: 'Backup', status } as unknown as BackupResource;
}

test('items and volumes do not fall, and a step counts for itself', () => {
  const steady = new SteadyRun();
  const items = (run: BackupResource): number => steady.steady(run).status.progress.itemsDone;
  expect(items(runWith(60, 'export'))).toBe(60);
  expect(items(runWith(40, 'export'))).toBe(60);
  expect(items(runWith(70, 'export'))).toBe(70);
  expect(items(runWith(5, 'verify'))).toBe(5);
  const bytes = [30, 10, 40].map(
    (bytesDone) => steady.steady(runWith(0, 'volumes', { bytesDone })).status.volumes?.bytesDone,
  );
  expect(bytes).toEqual([30, 30, 40]);
});

test('the bar of a volume whose copy begins again, or that turns out to be larger, stays', () => {
  const steady = new SteadyRun();
  const share = (bytesDone: number, bytesTotal: number): number => {
    const items = [{ name: 'shop/data', state: 'Moving', bytesDone, bytesTotal } as const];
    const [volume] = steady.steady(runWith(0, 'volumes', { items })).status.volumes?.items ?? [];
    return (volume?.bytesDone ?? 0) / (volume?.bytesTotal ?? 1);
  };
  expect([share(50, 100), share(0, 100), share(60, 200), share(150, 200)]).toEqual([
    0.5, 0.5, 0.5, 0.75,
  ]);
});
