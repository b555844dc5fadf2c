import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { keysUnder } from '../support/archive-items.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { inRepository, loseLocation } from '../support/lost-location.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: a bucket that is gone for a minute, wherever a copy or a restore of a volume is, is waited for in sight, and
// changes no end. Method: as test/e2e/volume-faults.test.ts, with the whole minute.

const MINUTE_MS = 60_000;
let proxy: FaultProxy;
let installation: Installation;
let namespace: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ hasAgent: true, s3Endpoint: proxy.url });
  namespace = await freshNamespace('outage');
  await applyVolumePod({
    ...{ namespace, name: 'web', node: AGENT_NODE, claims: ['data'] },
    fill: 'dd if=/dev/urandom of=data/big bs=1M count=40 2>/dev/null',
  });
});

afterAll(async () => {
  proxy.faults = [];
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
  await installation.stop();
  proxy.stop();
});

const hashOf = (): Promise<string> =>
  kubectl('-n', namespace, 'exec', 'web', '--', 'sha256sum', '/volumes/data/big');

/** Ids of the snapshots of the volume. */
async function snapshots(): Promise<number> {
  const keys = await keysUnder(installation.store(), 'restic/v1/');
  return keys.filter(inRepository(namespace, 'snapshots')).length;
}

/** What a run says in the course of a minute that it waits for, or why it is tried again. */
async function minute(plural: 'backups' | 'restores', name: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const startedMs = Date.now();
  while (Date.now() - startedMs < MINUTE_MS) {
    const { reason = '', failure } =
      (await installation.look(plural, name))?.status.waitingFor ?? {};
    seen.add(failure?.code ?? reason);
    await sleep(1000);
  }
  return seen;
}

const AWAY = 'the storage location fails or does not answer';

test.each([
  ['while data is written', 'PUT', '/data/', AWAY],
  ['while the snapshot is written', 'PUT', '/snapshots/', AWAY],
  ['before the engine begins', 'GET', '-plan.json.gz', 'location-unreachable'],
])('a backup outlasts a minute without a bucket %s', async (...[when, method, part, wait]) => {
  const name = when.replaceAll(' ', '-');
  const before = await snapshots();
  const matches = (path: string): boolean => path.includes(part);
  const end = await loseLocation(proxy, { method, matches }, () =>
    installation.createBackup(name, [namespace]),
  );
  expect(await minute('backups', name)).toContain(wait);
  end();
  const { status } = await installation.ended('backups', name);
  expect(status).toMatchObject({ phase: 'Completed', errors: 0, volumes: { done: 1 } });
  expect(await snapshots()).toBe(before + 1);
});

test('a restore outlasts a minute without a bucket', async () => {
  const before = await hashOf();
  await deleteNamespace(namespace);
  const matches = inRepository(namespace, 'data');
  const end = await loseLocation(proxy, { method: 'GET', matches }, () =>
    installation.createRestore('outage', { backupName: 'while-data-is-written' }),
  );
  expect(await minute('restores', 'outage')).toContain(AWAY);
  end();
  const { status } = await installation.ended('restores', 'outage');
  expect(status).toMatchObject({ phase: 'Completed', errors: 0, volumes: { done: 1, failed: 0 } });
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await hashOf()).toBe(before);
});
