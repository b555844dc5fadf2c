import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreResource } from '../../domain/api-resource.ts';
import type { ItemAnswer, PluginItem } from '../../domain/plugins/contract.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: a restore takes what plugins add to it, though its selector does not. Method: a restore of one ConfigMap by its
// label, and the worker of a plugin that asks for others.

let installation: Installation;
let namespace: string;
let definition: string;
let plugin: TestPlugin;
let worker: PluginWorker;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ hasAgent: true }),
    freshNamespace('added'),
  ]);
  definition = `widgets.${namespace}.example.com`;
  plugin = new TestPlugin({
    contract: 'v1',
    restoreActions: [{ name: 'add', selector: { includedResources: ['configmaps', 'secrets'] } }],
  });
  worker = await startPlugin(installation, 'mover', plugin.activities);
  await applyYaml(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${definition}}
spec:
  group: ${namespace}.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: picked, namespace: ${namespace}, labels: {picked: 'yes'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: left, namespace: ${namespace}}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: ${namespace}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: further, namespace: ${namespace}}
`);
  await kubectl('wait', '--for=condition=Established', `crd/${definition}`);
  await applyYaml(`
apiVersion: ${namespace}.example.com/v1
kind: Widget
metadata: {name: one, namespace: ${namespace}}
`);
  const pod = { namespace, node: AGENT_NODE, name: 'web', claims: ['data'] };
  await applyVolumePod({ ...pod, fill: 'touch data/file' });
  await installation.request('POST', '/plugins', {
    metadata: { name: 'mover' },
    spec: { cluster: installation.name },
  });
  await installation.createBackup('all', [namespace]);
  await installation.ended('backups', 'all');
  await kubectl('delete', 'crd', definition);
});

afterAll(async () => {
  await worker.stop();
  await installation.stop();
  await kubectl('delete', 'crd', definition, '--ignore-not-found');
  const targets = ['copy', 'waits', 'late', 'data'].map((part) => `${namespace}-${part}`);
  await Promise.all([namespace, installation.ownNamespace, ...targets].map(deleteNamespace));
});

/** Begins to restore the ConfigMap that is picked into a namespace of its own; the plugin answers by the names of items. */
async function begin(
  name: string,
  said: Readonly<Record<string, Omit<ItemAnswer, 'requestId'>>>,
  spec: object = {},
): Promise<void> {
  plugin.calls.splice(0);
  plugin.answer = ({ item }) => said[item.name];
  await installation.createRestore(name, {
    ...{ backupName: 'all', labelSelector: { matchLabels: { picked: 'yes' } } },
    ...{ namespaceMapping: { [namespace]: `${namespace}-${name}` }, ...spec },
  });
}

async function ended(name: string): Promise<RestoreResource['status']> {
  // It is a restore.
  return (await installation.ended('restores', name)).status;
}

interface Item {
  readonly name: string;
  readonly reason?: string;
  readonly isAdded?: true;
}

function item(resource: string, name: string, group = ''): PluginItem {
  return { group, resource, namespace, name };
}

test('what plugins add is restored before what they were asked about, and what they add in vain is told', async () => {
  await begin('copy', {
    picked: {
      additionalItems: [
        item('widgets', 'one', `${namespace}.example.com`),
        item('secrets', 'token'),
        item('secrets', 'absent'),
      ],
    },
    token: { additionalItems: [item('serviceaccounts', 'further')] },
  });
  const status = await ended('copy');
  // The namespace, the ConfigMap, and what was added with the definition that it needs.
  expect(status).toMatchObject({ phase: 'Completed', counts: { created: 6, failed: 0 } });
  const asked = plugin.calls.map(({ items }) => items.map((one) => one.item.name));
  expect(asked).toEqual([['picked'], ['token']]);
  const list = `widgets.${namespace}.example.com,secret,sa,cm`;
  const names = await kubectl('-n', `${namespace}-copy`, 'get', list, '-o', 'name');
  for (const name of [
    'widget.*/one',
    'secret/token',
    'serviceaccount/further',
    'configmap/picked',
  ]) {
    expect(names).toMatch(new RegExp(`^${name}$`, 'm'));
  }
  expect(names).not.toContain('configmap/left');
  const results = await readJsonGz(installation.store(), restoreKeys('copy').results);
  expect(JSON.stringify(results)).toContain(
    `plugin mover, action add, added secrets/${namespace}/absent, which is not restored: the backup has no such item`,
  );
});

/** The ConfigMap waits for a Secret that is added, and that for something that no backup has. */
const WAITING = {
  picked: () => ({ additionalItems: [item('secrets', 'token')], waitForAdditionalItems: true }),
  token: () => ({ additionalItems: [item('configmaps', 'gate')], waitForAdditionalItems: true }),
};

test('an item waits for what was added, in the cluster, also one that was added itself', async () => {
  await begin('waits', { picked: WAITING.picked(), token: WAITING.token() });
  await expect
    .poll(async () => (await installation.look('restores', 'waits'))?.status.waitingFor?.reason)
    .toContain('2 items were put aside');
  expect(await kubectl('-n', `${namespace}-waits`, 'get', 'cm,secret', '-o', 'name')).not.toMatch(
    /picked|token/,
  );
  await kubectl('-n', `${namespace}-waits`, 'create', 'configmap', 'gate');
  expect(await ended('waits')).toMatchObject({
    ...{ phase: 'Completed', counts: { created: 3, failed: 0 } },
  });
});

test('what does not come in time fails each item that waits for it, by its name', async () => {
  const spec = { resourceTimeout: '2s' };
  await begin('late', { picked: WAITING.picked(), token: WAITING.token() }, spec);
  expect(await ended('late')).toMatchObject({
    ...{ phase: 'PartiallyFailed', counts: { created: 1, failed: 2 } },
  });
  const { items } = (
    await installation.request<{ items: Item[] }>('GET', '/restores/late/items?verb=failed')
  ).body;
  const reasons = Object.fromEntries(items.map(({ name, reason }) => [name, reason]));
  const by = 'timed-out: plugin mover, action add, lets it wait for';
  const target = `${namespace}-late`;
  expect(reasons).toEqual({
    picked: expect.stringContaining(`${by} secrets/${target}/token: it is not there`) as unknown,
    token: expect.stringContaining(`${by} configmaps/${target}/gate: it is not there`) as unknown,
  });
  expect(items.flatMap(({ name, isAdded }) => (isAdded === true ? [name] : []))).toEqual(['token']);
});

test('what was added and failed is tried again, though no plugin asks for it any more', async () => {
  plugin.answer = () => undefined;
  await installation.createRestore('again', { retryOf: 'late' });
  expect(await ended('again')).toMatchObject({ phase: 'Completed', counts: { created: 2 } });
  const names = await kubectl('-n', `${namespace}-late`, 'get', 'cm,secret', '-o', 'name');
  expect(names).toMatch(/configmap\/picked[^]*secret\/token/);
});

test('a pod that is added is made when the data of its claim was written', async () => {
  await begin('data', { picked: { additionalItems: [item('pods', 'web')] } });
  expect(await ended('data')).toMatchObject({
    ...{ phase: 'Completed', counts: { created: 4 }, volumes: { done: 1, failed: 0 } },
  });
  const ends = await readJsonGz(installation.store(), restoreKeys('data').volumes);
  // The one volume that was written, as the restore says.
  const [{ record }] = ends as [{ record: { completionTimestamp: string } }];
  const target = `${namespace}-data`;
  const path = 'jsonpath={.metadata.creationTimestamp}';
  const made = await kubectl('-n', target, 'get', 'pod', 'web', '-o', path);
  // The API server tells whole seconds.
  const written = Math.floor(Date.parse(record.completionTimestamp) / 1000);
  expect(Date.parse(made) / 1000).toBeGreaterThanOrEqual(written);
});
