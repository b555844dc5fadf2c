import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { PluginResource, PluginResourceList, Problem } from '../../domain/api-resource.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { type Answer, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';

// Goal: a plugin is registered with what it says of itself, and how it is can be seen at any time. Method: the worker of
// a plugin on the Temporal of a real installation, whose answer each test chooses; the API and the command line.

const NAME = 'uploader';
const SELECTOR = {
  includedResources: ['persistentvolumeclaims'],
  excludedNamespaces: ['kube-*'],
  labelSelector: {
    matchLabels: { uploads: 'yes' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['db'] }],
  },
};
const DESCRIPTION = {
  contract: 'v1',
  version: '1.0.0',
  backupActions: [{ name: 'upload', selector: SELECTOR, onError: 'Fail' }],
  restoreActions: [{ name: 'download' }, { name: 'check' }],
  deletesBackups: true,
};
let installation: Installation;
let plugin: PluginWorker;
/** What the plugin does when it is asked what it does, and what it was asked. */
let describePlugin: () => unknown;
const calls: unknown[] = [];

beforeAll(async () => {
  installation = await Installation.start();
  plugin = await startPlugin(installation, NAME, {
    describePlugin: (call: unknown) => {
      calls.push(call);
      return Promise.resolve(describePlugin());
    },
  });
});

beforeEach(() => {
  describePlugin = () => DESCRIPTION;
});

afterAll(async () => {
  await installation.stop();
  await deleteNamespace(installation.ownNamespace);
});

const path = (name: string): string => `/plugins/${name}?cluster=${installation.name}`;

function register<Body = PluginResource>(name: string, spec: object = {}): Promise<Answer<Body>> {
  return installation.request('POST', '/plugins', {
    metadata: { name },
    spec,
  });
}

async function look(name: string): Promise<PluginResource> {
  return (await installation.request<PluginResource>('GET', path(name))).body;
}

/** Ends with the exit status of a command, and what it has written. */
async function holdfast(...args: string[]) {
  const flags = ['--server', installation.apiUrl];
  const command = startHoldfast(['plugin', ...args, ...flags]);
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

test('a plugin is registered with what it says of itself, and anew when it says something else', async () => {
  const { status, headers, body } = await register(NAME, { callTimeout: '1m' });
  expect(status).toBe(201);
  expect(headers.get('location')).toBe(`/api/v1${path(NAME)}`);
  expect(calls).toEqual([{ contract: 'v1', plugin: NAME, cluster: installation.name }]);
  expect(body).toMatchObject({
    kind: 'Plugin',
    metadata: { name: NAME },
    spec: { cluster: installation.name, unavailableTimeout: '10m0s', callTimeout: '1m' },
    status: {
      ...{ health: 'Ready', version: '1.0.0', description: DESCRIPTION },
      taskQueue: `holdfast.plugin.${installation.name}.${NAME}`,
      ...{ backupActions: ['upload'], restoreActions: ['download', 'check'] },
    },
  });
  expect(await look(NAME)).toEqual(body);
  const shown = await kubectl('-n', installation.ownNamespace, 'get', 'plugins.holdfast.dev', NAME);
  expect(shown).toMatch(/uploader +1\.0\.0 +backup\/upload,restore\/download,restore\/check /);

  const { restoreActions, ...next } = { ...DESCRIPTION, version: '2.0.0' };
  describePlugin = () => ({ ...next, ofALaterContract: { field: restoreActions } });
  const changed = await look(NAME);
  expect(changed.status).toEqual({ ...body.status, hasChanged: true });
  const again = await register(NAME);
  expect(again.status).toBe(200);
  expect(again.body.status).toMatchObject({ version: '2.0.0', restoreActions: [] });
  expect((await look(NAME)).status.description).toEqual(next);
});

test('the command line registers, lists and shows plugins, and says which have no worker', async () => {
  const done = await holdfast('register', NAME, '--unavailable-timeout', '90s');
  expect(done).toMatchObject({ status: 0, stderr: `plugin ${NAME} is registered\n` });
  const { body } = await register(NAME);
  const orphan = {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Plugin' },
    metadata: { name: 'orphan', namespace: installation.ownNamespace },
    spec: { unavailableTimeout: '1m', callTimeout: '1m' },
    status: { describedAt: body.status.describedAt, description: { contract: 'v1' } },
  };
  await applyYaml(JSON.stringify(orphan));

  const list = await holdfast('list');
  expect(list.stdout).toMatch(/^NAME +HEALTH +VERSION/);
  expect(list.stdout).toMatch(/^orphan +NotServed /m);
  expect(list.stdout).toMatch(/^uploader +Ready +1\.0\.0 +upload +download,check +/m);
  const json = await holdfast('list', '-o', 'json');
  const { items } = JSON.parse(json.stdout) as PluginResourceList;
  const { description, ...status } = body.status;
  expect(items[1]).toEqual({ ...body, status });
  expect(description).toEqual(DESCRIPTION);
  const one = await holdfast('get', NAME, '-o', 'json');
  expect(JSON.parse(one.stdout)).toEqual(body);
  expect((await holdfast('remove', 'orphan')).status).toBe(0);
});

test('a plugin that nobody serves is not registered, and one of an unknown cluster neither', async () => {
  const refused = await holdfast('register', 'nobody');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(`holdfast.plugin.${installation.name}.nobody`);
  expect(refused.stderr).toContain('code plugin-not-served');
  expect((await installation.request('GET', path('nobody'))).status).toBe(404);
  const elsewhere = await register(NAME, { cluster: 'elsewhere' });
  expect(elsewhere).toMatchObject({ status: 503, body: { code: 'no-worker' } });
});

test('a plugin that breaks its contract is told by the field, and keeps what it said before', async () => {
  const before = (await register(NAME)).body;
  const wrong = [{ name: 'upload' }, { name: 'second', onError: 'Maybe' }];
  describePlugin = () => ({ ...DESCRIPTION, backupActions: wrong });
  const { status, body } = await register<Problem>(NAME);
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'plugin-answer-invalid' });
  expect(body.errors).toMatchObject([{ pointer: '/backupActions/1/onError' }]);
  expect(body.detail).toContain(`the plugin ${NAME}`);
  expect(body.detail).toContain('/backupActions/1/onError');
  const invalid = await look(NAME);
  expect(invalid.status).toMatchObject({
    health: 'Invalid',
    failure: { code: 'plugin-answer-invalid', message: body.detail },
    description: before.status.description,
  });
});

test.each([
  ['throws', () => Promise.reject(new TypeError('no disk')), 'failed with TypeError; see the log'],
  ['answers with too much for Temporal', () => ({ ...DESCRIPTION, more: 'x'.repeat(3e6) }), ''],
])('a plugin that %s has failed', async (_, answer, words) => {
  await register(NAME);
  describePlugin = answer;
  const { health, failure } = (await look(NAME)).status;
  expect({ health, code: failure?.code }).toEqual({ health: 'Failed', code: 'plugin-failed' });
  expect(failure?.message).toContain(words);
  expect(failure?.message).toContain(`the plugin ${NAME} failed`);
});

test('a plugin that is no longer served says so, and can be removed', async () => {
  await register(NAME);
  await plugin.stop();
  const shown = await holdfast('describe', NAME);
  expect(shown.stdout).toMatch(/^Health: +NotServed$/m);
  expect(shown.stdout).toContain(`holdfast.plugin.${installation.name}.${NAME}; start the plugin`);
  expect(await installation.request('DELETE', path(NAME))).toMatchObject({ status: 204 });
  expect((await installation.request('GET', path(NAME))).status).toBe(404);
  const gone = await holdfast('remove', NAME);
  expect(gone.status).toBe(5);
  expect(gone.stderr).toContain('code plugin-not-found');
});
