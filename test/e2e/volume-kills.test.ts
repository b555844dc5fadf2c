import { afterAll, beforeAll, expect, test } from 'vitest';

import { keysUnder } from '../support/archive-items.ts';
import { KilledVolumes } from '../support/killed-volumes.ts';

// Goal: whatever is killed while the data of a volume is moved, the run ends as an undisturbed one: the same result, one
// snapshot, and nothing locked. Method: an agent as a process of this machine, and a gate in front of the S3 server that
// lets a part of the data through until something is killed. A killed agent is noticed after a minute; meanwhile the
// other runs are disturbed. `make test-kill-volumes` kills at more points.

let volumes: KilledVolumes;
let first: string;
let second: string;

beforeAll(async () => {
  volumes = await KilledVolumes.start({ megabytes: 64, hasAgent: true });
  [first, second] = await Promise.all([volumes.namespace(), volumes.namespace()]);
});

afterAll(async () => {
  await volumes.stop();
});

test('a backup that is cancelled ends its copy in the middle, and leaves neither snapshot nor lock', async () => {
  const { installation, kills, gate } = volumes;
  await volumes.startBackup('cancelled', second, 0.5);
  expect(await kills.engines('backups', 'cancelled')).toHaveLength(1);
  await installation.request('POST', '/backups/cancelled:cancel');
  // Nothing lets the rest of the data through: the copy cannot have ended by itself.
  const { status } = await installation.ended('backups', 'cancelled');
  expect(status).toMatchObject({ phase: 'Cancelled' });
  expect(await kills.engines('backups', 'cancelled')).toEqual([]);
  gate.release('refuse');
  const store = installation.store();
  const keys = await keysUnder(store, 'restic/v1/');
  store.close();
  expect(keys.filter((key) => key.includes('/data/'))).not.toEqual([]);
  expect(keys.filter((key) => /\/(snapshots|locks)\//.test(key))).toEqual([]);
});

test('copies and a restore end as undisturbed ones, whatever is killed', async () => {
  const { installation, kills, gate } = volumes;
  await volumes.startBackup('agent-killed', first, 0.6);
  process.kill(installation.pidOf('agent'), 'SIGHUP');
  expect(await kills.engines('backups', 'agent-killed')).toHaveLength(1);
  expect(await installation.end('agent', 'SIGKILL')).toBe('SIGKILL');
  // No second restic can run beside it later.
  await expect.poll(() => kills.engines('backups', 'agent-killed')).toEqual([]);
  gate.release('refuse');
  await installation.startPart('agent');

  await volumes.startBackup('others-killed', second, 0.3);
  expect(await kills.killEngine('backups', 'others-killed')).toBe(1);
  gate.release('refuse');
  volumes.holdCopy(second, 0.6);
  await kills.reached('backups', 'others-killed', 0.6);
  const engines = await kills.engines('backups', 'others-killed');
  await installation.kill('temporal');
  await installation.startPart('temporal');
  expect(await kills.engines('backups', 'others-killed')).toEqual(engines);
  gate.release('pass');
  await volumes.expectWholeBackup('others-killed', second);
  expect(await kills.attemptsOf('backups', 'others-killed')).toEqual({
    ...{ attempts: 2, failure: 'engine-killed' },
  });

  const tree = await volumes.treeOf(second);
  const source = { backup: 'others-killed', namespace: second, part: 0.5 };
  await volumes.startRestore('restore', source);
  expect(await kills.killEngine('restores', 'restore')).toBe(1);
  gate.release('refuse');
  await volumes.expectWholeRestore('restore', second, tree);
  expect(await kills.attemptsOf('restores', 'restore')).toEqual({
    ...{ attempts: 2, failure: 'engine-killed' },
  });

  await volumes.expectWholeBackup('agent-killed', first);
  expect(await kills.attemptsOf('backups', 'agent-killed')).toEqual({
    ...{ attempts: 2, failure: 'timeout' },
  });
});
