import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreResource } from '../../domain/api-resource.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import type { ItemAnswer, ItemsCall } from '../../domain/plugins/contract.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { SealOpener } from '../../storage/seal-opener.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: a restore does what plugins say of its items, when what comes before them is there, and waits for what they do.
// Method: the worker of a plugin beside a real installation, and ConfigMaps that say by their names what it answers.

const opener = new SealOpener();
const DESCRIPTION = {
  contract: 'v1',
  publicKey: opener.publicKey,
  restoreActions: [{ name: 'change', selector: { includedResources: ['configmaps'] } }],
};
const NAMES = ['changed', 'cache', 'burnt', 'uploaded', 'broken', 'plain'];
let installation: Installation;
let namespace: string;
let target: string;
let plugin: TestPlugin;
let worker: PluginWorker;
let status: RestoreResource['status'];
/** Objects that came with calls, by name. */
const seen = new Map<string, KubernetesObject>();

function answerOf(
  name: string,
  object: KubernetesObject | undefined,
): Omit<ItemAnswer, 'requestId'> | undefined {
  switch (name) {
    case 'changed': {
      // The cast: it is one of the ConfigMaps that this file has made, all of which have data.
      const { data } = object as unknown as { data: Record<string, string> };
      return { patch: [{ op: 'add', path: '/data/a', value: `${data['a'] ?? ''} changed` }] };
    }
    case 'cache':
      return { skip: 'made anew' };
    case 'burnt':
      return { error: 'disk on fire' };
    case 'uploaded':
    case 'broken':
      return { operation: { id: name } };
    default:
      return undefined;
  }
}

function keep({ items, sealedObjects = '' }: ItemsCall): void {
  const opened = opener.open(Buffer.from(sealedObjects, 'base64')).toString('utf8');
  // It is what the run has sealed: the objects in the order of the items.
  const objects = JSON.parse(opened) as KubernetesObject[];
  for (const [index, { item }] of items.entries()) {
    const object = objects[index];
    if (object !== undefined) {
      seen.set(item.name, object);
    }
  }
}

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('restored')]);
  target = `${namespace}-copy`;
  plugin = new TestPlugin(DESCRIPTION);
  worker = await startPlugin(installation, 'mover', plugin.activities);
  const objects = NAMES.map((name) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: name } },
    metadata: { name, namespace },
  }));
  await applyYaml(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await installation.request('POST', '/plugins', {
    metadata: { name: 'mover' },
    spec: { cluster: installation.name },
  });
  await installation.createBackup('all', [namespace]);
  await installation.ended('backups', 'all');
  plugin.answer = ({ item }, call) => {
    if (!seen.has(item.name)) {
      keep(call);
    }
    return answerOf(item.name, seen.get(item.name));
  };
  plugin.status = (id) =>
    id === 'broken'
      ? { phase: 'Failed', error: 'no space in the vault' }
      : plugin.polls < 3
        ? { phase: 'Running', progress: { done: plugin.polls, total: 9, unit: 'bytes' } }
        : { phase: 'Completed', progress: { done: 9, total: 9, unit: 'bytes' } };
  await installation.createRestore('again', {
    backupName: 'all',
    namespaceMapping: { [namespace]: target },
  });
  // It is a restore.
  status = (await installation.ended('restores', 'again')).status;
});

afterAll(async () => {
  await worker.stop();
  await installation.stop();
  await Promise.all([namespace, target, installation.ownNamespace].map(deleteNamespace));
});

test('a backup asks a plugin without actions for backups nothing', () => {
  expect(plugin.calls.filter(({ run }) => run.kind === 'Backup')).toEqual([]);
});

test('an action is asked about the items that it selects, with their objects and where they go', () => {
  const [call] = plugin.calls;
  expect(call?.run).toMatchObject({ kind: 'Restore', name: 'again', backup: { name: 'all' } });
  const names = plugin.calls.flatMap(({ items }) => items.map(({ item }) => item.name)).sort();
  expect(names.filter((name) => name !== 'kube-root-ca.crt')).toEqual([...NAMES].sort());
  expect(call?.items[0]?.target?.namespace).toBe(target);
  expect(seen.get('plain')).toMatchObject({ kind: 'ConfigMap', data: { a: 'plain' } });
});

test('what plugins say is done', async () => {
  const get = (name: string) =>
    kubectl(
      '-n',
      target,
      'get',
      'configmap',
      name,
      '--ignore-not-found',
      '-o',
      'jsonpath={.data.a}',
    );
  expect(await get('changed')).toBe('changed changed');
  expect(await get('plain')).toBe('plain');
  expect(await get('cache')).toBe('');
  expect(await get('burnt')).toBe('');
});

test('every item that was not restored says why, and every operation that failed', async () => {
  expect(status.phase).toBe('PartiallyFailed');
  expect(status.counts).toMatchObject({ failed: 1, skipped: 1 });
  expect(status.operations).toMatchObject({ total: 2, completed: 1, failed: 1 });
  const { items } = (
    await installation.request<{ items: { name: string; verb: string; reason?: string }[] }>(
      'GET',
      '/restores/again/items',
    )
  ).body;
  const of = (name: string) => items.find((item) => item.name === name);
  expect(of('cache')).toMatchObject({ verb: 'skipped' });
  expect(of('cache')?.reason).toContain('plugin mover, action change, leaves it out: made anew');
  expect(of('burnt')?.reason).toContain('disk on fire');
  const results = await readJsonGz(installation.store(), restoreKeys('again').results);
  expect(JSON.stringify(results)).toContain('no space in the vault');
  const entries = (await readJsonGz(
    installation.store(),
    restoreKeys('again').itemOperations,
    // It is the file of the restore above.
  )) as { spec: { restoreItemAction: string; operationID: string } }[];
  expect(entries.map(({ spec }) => [spec.restoreItemAction, spec.operationID]).sort()).toEqual([
    ['mover/change', 'broken'],
    ['mover/change', 'uploaded'],
  ]);
});
