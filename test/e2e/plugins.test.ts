import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import type { ItemAnswer, OperationStatus } from '../../domain/plugins/contract.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: a backup does what plugins say of its items, waits for what they do, and says what failed. Method: the worker of
// a plugin beside a real installation, and ConfigMaps and Secrets that say by their names what the plugin answers.

const DESCRIPTION = {
  contract: 'v1',
  backupActions: [
    { name: 'mask', selector: { includedResources: ['secrets'] } },
    {
      name: 'upload',
      selector: { includedResources: ['configmaps'], excludedNamespaces: ['*-more'] },
    },
    { name: 'look', selector: { includedResources: ['services'] }, onError: 'Continue' },
  ],
};
let installation: Installation;
let namespace: string;
let plugin: TestPlugin;
let worker: PluginWorker;
let status: BackupResource['status'];

/** Objects of the namespace, and what the plugin says of each by its name. */
const SAID: Readonly<Record<string, Omit<ItemAnswer, 'requestId'>>> = {
  token: { patch: [{ op: 'replace', path: '/data/a', value: 'masked' }] },
  absent: { patch: [{ op: 'replace', path: '/data/other/field', value: 'x' }] },
  renamed: { patch: [{ op: 'replace', path: '/metadata/name', value: 'stolen' }] },
  cache: { skip: 'made anew' },
  burnt: { error: 'disk on fire' },
  small: { operation: { id: 'small', description: 'uploading' } },
  broken: { operation: { id: 'broken' } },
  nothing: { operation: { id: 'nothing' } },
  half: { operation: { id: 'half' } },
  empty: { operation: { id: 'empty' } },
  adding: {
    additionalItems: [
      { group: '', resource: 'services', namespace: 'NAMESPACE', name: 'front' },
      { group: '', resource: 'secrets', namespace: 'kube-system', name: 'of-another-tenant' },
      { group: 'x.example', resource: 'things', namespace: '', name: 'none' },
    ],
  },
};
const SECRETS = ['absent', 'renamed'];
const STATUS: Readonly<Record<string, Omit<OperationStatus, 'requestId'>>> = {
  broken: { phase: 'Failed', error: 'no space in the vault', progress: { done: 3, total: 9 } },
  nothing: { phase: 'Completed', progress: { done: 0, unit: 'bytes' } },
  half: { phase: 'Completed', progress: { done: 50, total: 100, unit: 'bytes' } },
  empty: { phase: 'Completed', progress: { done: 0, total: 0, unit: 'bytes' } },
};

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('plugins')]);
  plugin = new TestPlugin(DESCRIPTION);
  worker = await startPlugin(installation, 'mover', plugin.activities);
  const objects = Object.keys(SAID).map((name) =>
    SECRETS.includes(name)
      ? {
          ...{ apiVersion: 'v1', kind: 'Secret' },
          metadata: { name, namespace },
          stringData: { token: 's3cr3t' },
        }
      : {
          ...{ apiVersion: 'v1', kind: 'ConfigMap' },
          metadata: { name, namespace },
          data: { a: 'b' },
        },
  );
  const service = { ports: [{ port: 80 }] };
  await applyYaml(
    [
      ...objects,
      {
        ...{ apiVersion: 'v1', kind: 'Service' },
        metadata: { name: 'front', namespace },
        spec: service,
      },
    ]
      .map((object) => JSON.stringify(object))
      .join('\n---\n'),
  );
  const registered = await installation.request('POST', '/plugins', {
    metadata: { name: 'mover' },
    spec: { cluster: installation.name },
  });
  expect(registered.status).toBe(201);
  plugin.answer = ({ item }) => inNamespace(SAID[item.name]);
  plugin.status = (id = '') =>
    STATUS[id] ??
    (plugin.polls < 3
      ? { phase: 'Running', progress: { done: plugin.polls, total: 9, unit: 'bytes' } }
      : { phase: 'Completed', progress: { done: 9, total: 9, unit: 'bytes' } });
  await installation.request('POST', '/backups', {
    metadata: { name: 'all' },
    spec: {
      ...{ cluster: installation.name, includedNamespaces: [namespace] },
      includedResources: ['secrets', 'configmaps'],
    },
  });
  status = (await installation.ended('backups', 'all')).status;
}, 120_000);

afterAll(async () => {
  await worker.stop();
  await installation.stop();
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
});

function inNamespace<Value>(value: Value): Value {
  // What is replaced is a text in JSON.
  return JSON.parse(JSON.stringify(value ?? null).replaceAll('NAMESPACE', namespace)) as Value;
}

async function stored(
  type: string,
  name: string,
): Promise<{ data?: Record<string, string> } | undefined> {
  const path = `/backups/all/items/${type}/${name}?namespace=${namespace}`;
  const answer = await installation.request<{ data?: Record<string, string> }>('GET', path);
  return answer.status === 200 ? answer.body : undefined;
}

const messages = (side: 'errors' | 'warnings'): string[] =>
  (status.problems?.[side] ?? []).map(({ message }) => message);

test('asks each action about the items that it selects, and about nothing else', () => {
  const seen = plugin.calls.flatMap(({ action, items }) =>
    items.map(({ item: { resource, name } }) => `${action} ${resource}/${name}`),
  );
  const own = Object.keys(SAID).map((name) =>
    SECRETS.includes(name) ? `mask secrets/${name}` : `upload configmaps/${name}`,
  );
  expect(seen.filter((one) => !one.includes('kube-root-ca')).sort()).toEqual(
    // What an action adds is shown to the actions that select it.
    [...own, 'look services/front'].sort(),
  );
  const [call] = plugin.calls;
  expect(call?.run).toMatchObject({ kind: 'Backup', name: 'all', cluster: installation.name });
});

test('stores what a patch makes of an item', async () => {
  expect(await stored('configmaps', 'token')).toMatchObject({ data: { a: 'masked' } });
});

test('leaves out what a plugin skips, and what its action failed for', async () => {
  for (const name of ['cache', 'burnt']) {
    expect(await stored('configmaps', name), name).toBeUndefined();
  }
  for (const name of ['absent', 'renamed']) {
    expect(await stored('secrets', name), name).toBeUndefined();
  }
  expect(await stored('configmaps', 'small')).toBeDefined();
  const store = installation.store();
  // The backup has written its report there.
  const coverage = (await readJsonGz(store, backupKeys('all').coverage)) as CoverageReport;
  const left = coverage.types.find(({ type }) => type === 'configmaps')?.leftOut;
  expect(left).toContainEqual({
    reason: 'plugin-skip',
    items: 1,
    examples: [`${namespace}/cache`],
    texts: ['plugin mover, action upload, leaves it out: made anew'],
  });
  expect(left).toContainEqual({
    reason: 'plugin-failed',
    items: 1,
    examples: [`${namespace}/burnt`],
  });
});

test('takes the items that a plugin adds, as far as the request allows it', async () => {
  expect(await stored('services', 'front')).toBeDefined();
  expect(messages('warnings')).toEqual(
    expect.arrayContaining([
      expect.stringContaining('added secrets/kube-system/of-another-tenant'),
      expect.stringContaining('added things.x.example/none'),
    ]),
  );
});

test('says of each failure which plugin, which item and why', () => {
  expect(status.phase).toBe('PartiallyFailed');
  const said = messages('errors');
  const expected = [
    [`configmaps/${namespace}/burnt`, 'disk on fire'],
    [`secrets/${namespace}/absent`, '/patch does not apply'],
    [`secrets/${namespace}/renamed`, '/patch changes metadata.name'],
    [`configmaps/${namespace}/broken`, 'failed: no space in the vault'],
    [`configmaps/${namespace}/nothing`, 'moved 0 bytes'],
    [`configmaps/${namespace}/half`, 'moved 50 of 100 bytes'],
  ];
  expect(said).toHaveLength(expected.length);
  for (const [item = '', why = ''] of expected) {
    const of = said.filter((message) => message.includes(item));
    expect(of, item).toHaveLength(1);
    expect(of[0]).toContain('plugin mover');
    expect(of[0]).toContain(why);
  }
});

test('waits for operations, and tells what became of each in the file that Velero has for it', async () => {
  expect(status.operations).toMatchObject({ total: 5, completed: 2, failed: 3 });
  expect(plugin.polls).toBeGreaterThanOrEqual(3);
  const entries = (await readJsonGz(
    installation.store(),
    backupKeys('all').itemOperations,
    // It is the file of the backup above.
  )) as { spec: { operationID: string; backupItemAction: string }; status: { phase: string } }[];
  expect(
    Object.fromEntries(entries.map(({ spec, status: { phase } }) => [spec.operationID, phase])),
  ).toEqual({
    small: 'Completed',
    empty: 'Completed',
    broken: 'Failed',
    nothing: 'Failed',
    half: 'Failed',
  });
  expect(entries[0]?.spec.backupItemAction).toBe('mover/upload');
});
