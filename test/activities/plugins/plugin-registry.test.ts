import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { readPlugin } from '../../../activities/plugins/read-plugin.ts';
import { readPlugins } from '../../../activities/plugins/registry.ts';
import { removePlugin } from '../../../activities/plugins/remove-plugin.ts';
import { storePlugin } from '../../../activities/plugins/store-plugin.ts';
import { PLUGIN_DEFAULTS, PLUGINS_MAX } from '../../../domain/plugins/plugin.ts';
import { type AccountKubeconfig, accountKubeconfig } from '../../support/account-kubeconfig.ts';
import { deleteNamespace, kubectl } from '../../support/kubectl.ts';
import { withCreate, wrapped } from '../../support/wrapped-cluster.ts';

// Goal: plugins are kept in a cluster that did not know the type, and what people write past Holdfast is not believed.
// Method: the API server of the test bed, from which the definition is removed; no other test runs at the same time.

const DEFINITION = ['customresourcedefinition', 'plugins.holdfast.dev'] as const;
const namespace = `hf-registry-${randomBytes(4).toString('hex')}`;
let cluster: Cluster;
/** The same cluster for an account that may do nothing but ask what is served. */
let limited: Cluster;
let account: AccountKubeconfig;

beforeAll(async () => {
  cluster = openCluster();
  await kubectl('create', 'namespace', namespace);
  await kubectl('-n', namespace, 'create', 'serviceaccount', 'limited');
  account = await accountKubeconfig('limited', namespace);
  limited = openCluster(undefined, account.kubeconfig);
  await kubectl('delete', ...DEFINITION, '--ignore-not-found', '--wait');
});

afterAll(async () => {
  await Promise.all([cluster.close(), limited.close(), account.remove()]);
  await deleteNamespace(namespace);
  await kubectl('delete', ...DEFINITION, '--ignore-not-found', '--wait');
});

const describedAt = '2026-01-02T03:04:05Z';
const store = (name: string, answer: object, { with: used = cluster, at = describedAt } = {}) =>
  storePlugin(
    { cluster: used, namespace },
    { name, spec: PLUGIN_DEFAULTS, answer: { contract: 'v1', ...answer }, describedAt: at },
  );
const read = (name: string) => readPlugin({ cluster, namespace }, { name });
const remove = (name: string) => removePlugin({ cluster, namespace }, { name });

test('a cluster that does not know plugins has none, and learns of them with the first', async () => {
  expect(await readPlugins({ cluster, namespace })).toEqual([]);
  expect(await readPlugins({ cluster: limited, namespace })).toEqual([]);
  await expect(read('first')).rejects.toMatchObject({ code: 'plugin-not-found' });
  expect(await remove('first')).toEqual({ isRemoved: false });

  const answer = { version: '1', backupActions: [{ name: 'upload' }] };
  const { plugin, isNew } = await store('first', answer);
  expect(isNew).toBe(true);
  const description = { contract: 'v1', ...answer };
  expect(plugin).toEqual({ name: 'first', spec: PLUGIN_DEFAULTS, description, describedAt });
  expect(await read('first')).toEqual(plugin);
  expect(await readPlugins({ cluster, namespace })).toEqual([plugin]);
});

test('an attempt whose answer was lost gives the same answer again', async () => {
  const once = await store('again', { version: '1' });
  expect(await store('again', { version: '1' })).toEqual(once);
  expect(once.isNew).toBe(true);
});

test('plugins are not passed over by an account that may not list them', async () => {
  const reading = readPlugins({ cluster: limited, namespace });
  await expect(reading).rejects.toMatchObject({ code: 'cluster-forbidden' });
});

test('what a plugin says no more is not kept, and the list is by name', async () => {
  await store('b', { version: '1', backupActions: [{ name: 'upload' }], deletesBackups: true });
  const at = '2026-01-02T03:04:06Z';
  const { isNew } = await store('b', { restoreActions: [{ name: 'download' }] }, { at });
  expect(isNew).toBe(false);
  const { description, describedAt: now } = await read('b');
  expect(description).toEqual({ contract: 'v1', restoreActions: [{ name: 'download' }] });
  expect(now).toBe(at);
  await store('a', {});
  const names = (await readPlugins({ cluster, namespace })).map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(['a', 'b']));
});

test('two registrations at the same time both succeed, and one is new', async () => {
  const both = await Promise.all(
    [1, 2].map((version) => store('twice', { version: String(version) })),
  );
  expect(both.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
  const { description } = await read('twice');
  expect(both.map(({ plugin }) => plugin.description)).toContainEqual(description);
});

test('a plugin that somebody else makes just before is written all the same', async () => {
  let met = 0;
  const meeting = withCreate(cluster, async (type) => {
    met += type.resource === 'plugins' ? 1 : 0;
    if (type.resource === 'plugins') {
      await store('met', { version: 'theirs' }, { at: '2026-01-01T00:00:00Z' });
    }
  });
  const { isNew } = await store('met', { version: 'ours' }, { with: meeting });
  expect({ met, isNew }).toEqual({ met: 1, isNew: false });
  expect((await read('met')).description.version).toBe('ours');
});

test('a plugin that somebody else changes in between is changed all the same', async () => {
  await store('raced', { version: '1' });
  const versions: string[] = [];
  const racing = wrapped(cluster, {
    patch: async (...change) => {
      if (versions.length === 0) {
        await edit('raced', { spec: { callTimeout: '1m' } });
      }
      versions.push((await read('raced')).spec.callTimeout);
      return cluster.patch(...change);
    },
  });
  await store('raced', { version: '2' }, { with: racing });
  expect(versions).toEqual(['1m', '1m']);
  expect(await read('raced')).toMatchObject({
    spec: PLUGIN_DEFAULTS,
    description: { version: '2' },
  });
});

test('there are at most so many plugins, and those that are there may change', async () => {
  const full = wrapped(cluster, { count: () => Promise.resolve(PLUGINS_MAX) });
  await expect(store('more', {}, { with: full })).rejects.toMatchObject({ code: 'quota-exceeded' });
  await expect(read('more')).rejects.toMatchObject({ code: 'plugin-not-found' });
  await store('kept', {});
  await expect(store('kept', { version: '2' }, { with: full })).resolves.toBeDefined();
});

test.each([
  ['a time that is none', { spec: { callTimeout: 'soon' } }, 'spec.callTimeout'],
  ['a time that is too long', { spec: { callTimeout: '5h' } }, 'must be from 1s to 4h'],
  ['no description', { status: { description: null } }, 'status.description'],
])('the API server refuses a plugin with %s', async (_, change, what) => {
  await store('edited', {});
  await expect(edit('edited', change)).rejects.toMatchObject({
    stderr: expect.stringContaining(what) as string,
  });
});

test('a description that people have spoiled is told, and is mended by another registration', async () => {
  await store('spoiled', { version: '1' });
  await edit('spoiled', { status: { description: { backupActions: 'all' } } });
  const failure = { code: 'plugin-answer-invalid', subject: 'spoiled' };
  await expect(readPlugins({ cluster, namespace })).rejects.toMatchObject(failure);
  await store('spoiled', { version: '1' });
  expect((await read('spoiled')).description).toEqual({ contract: 'v1', version: '1' });
});

test('a plugin is removed once', async () => {
  await store('removed', {});
  expect(await remove('removed')).toEqual({ isRemoved: true });
  expect(await remove('removed')).toEqual({ isRemoved: false });
  await expect(read('removed')).rejects.toMatchObject({ code: 'plugin-not-found' });
});

function edit(name: string, change: object): Promise<string> {
  const patch = ['--type', 'merge', '--patch', JSON.stringify(change)];
  return kubectl('-n', namespace, 'patch', 'plugins.holdfast.dev', name, ...patch);
}
