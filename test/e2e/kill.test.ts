import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ObjectStore } from '../../storage/object-store/port.ts';
import { archiveItems, keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { Installation, type Part } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: any process may be killed at any point of a run, and the run ends as an undisturbed one.
// Method: a proxy in front of the S3 server holds one request of each run, so that at one moment there is a run at
// each point. Then a part is killed and started again. Archives are compared item by item with an undisturbed one.

const OBJECTS = 3000;
const HOLD_MS = 4000;

/** Where a run is held: the request that takes its time. */
const BACKUP_POINTS: Readonly<Record<string, { method: string; part: string }>> = {
  plan: { method: 'PUT', part: '/plan.json.gz' },
  export: { method: 'PUT', part: '/work/' },
  assemble: { method: 'PUT', part: '-index.json.gz' },
  verify: { method: 'GET', part: '.tar.gz' },
  commit: { method: 'PUT', part: '/velero-backup.json' },
};
const RESTORE_POINTS: Readonly<Record<string, { method: string; part: string }>> = {
  plan: { method: 'PUT', part: '-items.json.gz' },
  apply: { method: 'PUT', part: '-outcomes.json.gz' },
  report: { method: 'PUT', part: '-results.gz' },
};

const namespace = `kill-${String(process.pid)}`;
const copies: string[] = [];
let proxy: FaultProxy;
let installation: Installation;
let store: ObjectStore;
let expected: string[];

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  store = installation.store();
  await fillNamespace(namespace, { type: CONFIG_MAP, count: OBJECTS, bytes: 300 });
  await installation.createBackup('undisturbed', [namespace]);
  await installation.ended('backups', 'undisturbed');
  expected = await archiveItems(store, 'undisturbed');
});

afterAll(async () => {
  store.close();
  await installation.stop();
  proxy.stop();
  await Promise.all([namespace, ...copies].map(deleteNamespace));
});

function hold(name: string, { method, part }: { method: string; part: string }): Fault {
  return {
    method,
    matches: (path) => path.includes(`/${name}/`) && path.includes(part),
    effect: 'delay',
    delayMs: HOLD_MS,
  };
}

/** Starts a run for each point, and waits until each is held there. */
async function startAll(part: Part): Promise<{ backups: string[]; restores: string[] }> {
  const backups = Object.keys(BACKUP_POINTS).map((point) => `${part}-${point}`);
  const restores = Object.keys(RESTORE_POINTS).map((point) => `${part}-r-${point}`);
  const faults = [
    ...Object.entries(BACKUP_POINTS).map(([point, place]) => hold(`${part}-${point}`, place)),
    ...Object.entries(RESTORE_POINTS).map(([point, place]) => hold(`${part}-r-${point}`, place)),
  ];
  const held = new Set<Fault>();
  proxy.faults = faults.map((fault) => ({
    ...fault,
    matches: (path) => {
      const isHeld = fault.matches(path);
      if (isHeld) {
        held.add(fault);
      }
      return isHeld;
    },
  }));
  await Promise.all([
    ...backups.map((name) => installation.createBackup(name, [namespace])),
    ...restores.map((name) => {
      const copy = `${namespace}-${name}`;
      copies.push(copy);
      const namespaceMapping = { [namespace]: copy };
      return installation.createRestore(name, { backupName: 'undisturbed', namespaceMapping });
    }),
  ]);
  while (held.size < faults.length) {
    await sleep(20);
  }
  return { backups, restores };
}

test.each<Part>(['worker', 'temporal', 'api'])('a kill of %s changes no result', async (part) => {
  const { backups, restores } = await startAll(part);
  await installation.kill(part);
  proxy.faults = [];
  await installation.startPart(part);
  for (const name of backups) {
    const { status } = await installation.ended('backups', name);
    expect({ name, phase: status.phase, failure: status.failure }).toEqual({
      name,
      phase: 'Completed',
    });
    expect(await archiveItems(store, name)).toEqual(expected);
  }
  for (const name of restores) {
    const { status } = await installation.ended('restores', name);
    expect({ name, phase: status.phase }).toEqual({ name, phase: 'Completed' });
    expect(status).toMatchObject({ counts: { failed: 0, skipped: 0 } });
    const names = await kubectl('-n', `${namespace}-${name}`, 'get', 'configmaps', '-o', 'name');
    expect(names.split('\n').filter((line) => line.includes('/item-'))).toHaveLength(OBJECTS);
  }
  await expect
    .poll(async () => (await keysUnder(store, '')).filter((key) => key.includes('/work/')), {
      timeout: 30_000,
    })
    .toEqual([]);
});
