import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreItemList } from '../../domain/backup-contents.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import type { VeleroResults } from '../../storage/format/record.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { type Applied, applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyWebhook, askedAbout, DENIED, startWebhookServer } from '../support/webhook-server.ts';

// Goal: a webhook that does not answer is waited for, and one that denies is taken at its word. Method: a real server
// in a pod. Once it is part of the backup, in a namespace whose ConfigMaps cannot be created before it runs, though
// ConfigMaps come before workloads; once it stays, and denies some objects.

const id = `wh-${String(process.pid)}`;
/** Has the server of its own webhook. */
const self = `${id}-self`;
/** Has the server of another namespace's. */
const server = `${id}-server`;
const guarded = `${id}-guarded`;
const ALLOWED = ['allowed-1', 'allowed-2', 'allowed-3'];
const REFUSED = ['refused-1', 'refused-2'];
const RESOURCE_TIMEOUT = '120s';
/** Far more than the tries of one object take. */
const READY_AFTER_SECONDS = 30;
let installation: Installation;
const webhooks: Applied[] = [];

beforeAll(async () => {
  installation = await Installation.start();
  await Promise.all([self, server, guarded].map((name) => kubectl('create', 'namespace', name)));
  await applyYaml(configMaps(self, ALLOWED));
  await applyYaml(configMaps(guarded, ALLOWED));
  await applyYaml(configMaps(guarded, REFUSED, DENIED));
});

afterAll(async () => {
  await Promise.all(webhooks.map((webhook) => webhook.remove()));
  await installation.stop();
  await dropNamespaces(self, server, guarded);
});

function configMaps(
  namespace: string,
  names: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): string {
  const object = (name: string): string =>
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } },
      data: { value: name },
    });
  return names.map(object).join('\n---\n');
}

async function backUp(name: string, spec: object): Promise<void> {
  const whole = { cluster: installation.name, ...spec };
  const answer = await installation.request('POST', '/backups', {
    metadata: { name },
    spec: whole,
  });
  expect(answer.status).toBe(202);
  expect((await installation.ended('backups', name)).status.phase).toBe('Completed');
}

async function restore(name: string, spec: object) {
  const whole = { ...spec, resourceTimeout: RESOURCE_TIMEOUT };
  expect((await installation.createRestore(name, whole)).status).toBe(202);
  return (await installation.ended('restores', name)).status;
}

/** Keeps what a restore that is under way says that it waits for. */
async function noteWait(name: string, waits: string[]): Promise<void> {
  const run = await installation.look('restores', name);
  waits.push(run?.status.waitingFor?.reason ?? '');
}

async function namesIn(namespace: string): Promise<string[]> {
  const text = await kubectl('-n', namespace, 'get', 'configmaps', '-o', 'name');
  return text
    .split('\n')
    .map((line) => line.slice('configmap/'.length))
    .filter((name) => ALLOWED.includes(name) || REFUSED.includes(name));
}

test('a webhook whose server is in the backup is waited for, and asked about what comes after', async () => {
  const answers = await startWebhookServer(self, READY_AFTER_SECONDS);
  const webhook = await applyWebhook({ server: self, guarded: self }, answers);
  webhooks.push(webhook);
  const types = ['validatingwebhookconfigurations.admissionregistration.k8s.io'];
  await backUp('self', { includedNamespaces: [self], includedClusterScopedResources: types });
  await deleteNamespace(self);

  const waits: string[] = [];
  const waited = restore('waited', { backupName: 'self' });
  const look = setInterval(() => void noteWait('waited', waits), 1000);
  expect(await waited).toMatchObject({ phase: 'Completed', counts: { failed: 0 } });
  clearInterval(look);
  expect(waits).toContainEqual(expect.stringMatching(/items were put aside.*configmaps/));
  expect(await namesIn(self)).toEqual(ALLOWED);
  // It is the same webhook, and it was there for each of them.
  const asked = await askedAbout(self);
  expect(ALLOWED.filter((name) => !asked.has(name))).toEqual([]);

  await deleteNamespace(self);
  await kubectl('delete', 'validatingwebhookconfiguration', self);
  expect(await restore('with-configuration', { backupName: 'self' })).toMatchObject({
    phase: 'Completed',
    counts: { failed: 0 },
  });
  expect(await namesIn(self)).toEqual(ALLOWED);
  await kubectl('get', 'validatingwebhookconfiguration', self);
});

test('what a webhook denies fails with its message, and nothing else does', async () => {
  const answers = await startWebhookServer(server);
  await backUp('guarded', { includedNamespaces: [guarded] });
  await deleteNamespace(guarded);
  webhooks.push(await applyWebhook({ server, guarded }, answers));

  expect(await restore('denied', { backupName: 'guarded' })).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { failed: REFUSED.length },
    errors: REFUSED.length,
  });
  expect(await namesIn(guarded)).toEqual(ALLOWED);
  const { errors } = await results('denied');
  expect(errors).toEqual({ namespaces: { [guarded]: expect.anything() as unknown } });
  const lines = [...(errors.namespaces?.[guarded] ?? [])].sort();
  expect(lines).toEqual(
    // The reason has the message of the webhook as the API server passes it on.
    REFUSED.map(
      (name) => expect.stringMatching(`ConfigMap ${guarded}/${name}: .*not here`) as unknown,
    ),
  );
  // The API tells the same, item by item.
  const { body } = await installation.request('GET', '/restores/denied/items?verb=failed');
  // The route answers with this list.
  const { items } = body as RestoreItemList;
  expect(items.map(({ name }) => name).sort()).toEqual(REFUSED);
  expect(items.map(({ reason }) => reason)).toEqual(
    REFUSED.map(() => expect.stringContaining('not here') as unknown),
  );
});

async function results(name: string): Promise<VeleroResults> {
  const store = installation.store();
  const bytes = await readAll(store, restoreKeys(name).results);
  store.close();
  // The file is of this run's own report.
  return JSON.parse(gunzipSync(bytes).toString()) as VeleroResults;
}
