import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { Failure } from '../../../domain/failure.ts';
import { apiVersionOf, type KubernetesObject, type ResourceType } from '../../../domain/item.ts';
import type { PlannedItem, RestorePlanReport } from '../../../domain/restore/restore-preview.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a plan says what the restore then does, and changes nothing. Method: the activities run against the real API
// server. Where it cannot be made to fail, its client is wrapped.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const SECRET = typeOf('Secret', 'secrets');
const SERVICE = typeOf('Service', 'services');
const NAMESPACE = typeOf('Namespace', 'namespaces', false);
const POD = typeOf('Pod', 'pods');
const ACCOUNT = typeOf('ServiceAccount', 'serviceaccounts');
/** Lets go of an object that is being deleted. */
const RELEASE = JSON.stringify({ metadata: { finalizers: null } });
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('plan');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function stored(type: ResourceType, name: string, fields: object): ArchiveItem {
  return { type, object: { metadata: { name, namespace }, ...fields } };
}

async function there(type: ResourceType, name: string, fields: object): Promise<void> {
  await cluster.create(type, {
    ...{
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { name, namespace },
      ...fields,
    },
  });
}

async function planOf(
  items: readonly ArchiveItem[],
  spec: Partial<RestoreSpec> = {},
): Promise<RestorePlanReport> {
  steps = await RestoreSteps.of(items, spec);
  return steps.preview(cluster);
}

function itemOf({ items }: RestorePlanReport, name: string): PlannedItem | undefined {
  return items.find((item) => item.name === name);
}

/** Everything in the namespace, to the resource version. */
function world(): Promise<string> {
  const types = 'configmaps,secrets,services,serviceaccounts,pods';
  return kubectl('-n', namespace, 'get', types, '-o', 'json');
}

test('each item gets the action that the restore then takes, with the difference', async () => {
  const items = [
    stored(CONFIG_MAP, 'new', { data: { a: '1' } }),
    stored(CONFIG_MAP, 'same', { data: { a: '1' } }),
    stored(CONFIG_MAP, 'other', { data: { a: 'stored', b: '2' } }),
    stored(CONFIG_MAP, 'long', { data: { a: 'x'.repeat(1000) } }),
    stored(CONFIG_MAP, 'Not A Name', { data: { a: '1' } }),
  ];
  await there(CONFIG_MAP, 'same', { data: { a: '1' } });
  await there(CONFIG_MAP, 'other', { data: { a: 'live', c: '3' } });
  await there(CONFIG_MAP, 'long', { data: { a: 'y' } });
  const before = await world();
  const plan = await planOf(items, { existingResourcePolicy: 'update' });
  expect(await world()).toBe(before);
  // The namespace is not in the backup, and is there.
  expect(plan.counts).toEqual({
    ...{ create: 1, update: 2, recreate: 0, unchanged: 2, skip: 0, blocked: 1 },
  });
  expect(itemOf(plan, 'new')).toEqual({
    ...{ group: '', version: 'v1', resource: 'configmaps', namespace, name: 'new' },
    action: 'create',
  });
  expect(itemOf(plan, 'other')).toMatchObject({
    action: 'update',
    diff: [
      { path: '/data/a', op: 'replace', from: 'live', to: 'stored' },
      { path: '/data/b', op: 'add', to: '2' },
      { path: '/data/c', op: 'remove', from: '3' },
    ],
  });
  expect(itemOf(plan, 'long')?.diff?.[0]?.to).toBe(`${'x'.repeat(200)}… (1000 characters)`);
  expect(itemOf(plan, 'Not A Name')).toMatchObject({
    action: 'blocked',
    reason: expect.stringMatching(/metadata.name.*lowercase RFC 1123/) as unknown,
  });
  expect((await steps.all(cluster)).counts).toEqual({
    ...{ created: 1, updated: 2, recreated: 0, unchanged: 2, skipped: 0, failed: 1 },
  });
});

test('under the policy none the plan shows how the backup differs from what is left alone', async () => {
  await there(CONFIG_MAP, 'other', { data: { a: 'live' } });
  const plan = await planOf([stored(CONFIG_MAP, 'other', { data: { a: 'stored' } })]);
  expect(itemOf(plan, 'other')).toMatchObject({
    action: 'skip',
    reason: 'another object of this name is there, and is left alone',
    diff: [{ path: '/data/a', op: 'replace', from: 'live', to: 'stored' }],
  });
});

test('what is being deleted is waited for and created, so it is neither unchanged nor left alone', async () => {
  const held = { metadata: { finalizers: ['holdfast.test/hold'] } };
  const items = [
    stored(CONFIG_MAP, 'same', { data: { a: '1' } }),
    stored(CONFIG_MAP, 'other', { data: { a: 'stored' } }),
  ];
  for (const name of ['same', 'other']) {
    await there(CONFIG_MAP, name, { data: { a: '1' } });
    await kubectl('-n', namespace, 'patch', 'configmap', name, '-p', JSON.stringify(held));
    await kubectl('-n', namespace, 'delete', 'configmap', name, '--wait=false');
  }
  const plan = await planOf(items);
  for (const name of ['same', 'other']) {
    expect(itemOf(plan, name)).toMatchObject({
      ...{ action: 'create', isChecked: false },
      reason: 'not checked: it is being deleted, and the restore waits until it is gone',
    });
    await kubectl('-n', namespace, 'patch', 'configmap', name, '-p', RELEASE);
  }
  expect((await steps.all(cluster)).counts).toMatchObject({ created: 2, unchanged: 1 });
});

test('an immutable field that differs blocks an update, and is made anew by recreate', async () => {
  const fields = { immutable: true, data: { a: 'live' } };
  await there(CONFIG_MAP, 'fixed', fields);
  const items = [stored(CONFIG_MAP, 'fixed', { ...fields, data: { a: 'stored' } })];
  const plan = await planOf(items, { existingResourcePolicy: 'update' });
  expect(itemOf(plan, 'fixed')).toMatchObject({
    action: 'blocked',
    reason: expect.stringMatching(/field is immutable/) as unknown,
    diff: [{ path: '/data/a', op: 'replace', from: 'live', to: 'stored' }],
  });
  const anew = await steps.preview(cluster, { existingResourcePolicy: 'recreate' });
  expect(itemOf(anew, 'fixed')?.action).toBe('recreate');
  expect(
    (await cluster.read(CONFIG_MAP, { ...CONFIG_MAP, namespace, name: 'fixed' }))?.['data'],
  ).toEqual({ a: 'live' });
});

test('the values of a secret are in no plan, and neither is what the server says of them', async () => {
  const value = Buffer.from('hush').toString('base64');
  await there(SECRET, 'token', { data: { key: Buffer.from('other').toString('base64') } });
  const plan = await planOf(
    [
      stored(SECRET, 'token', { data: { key: value } }),
      stored(SECRET, 'wrong', {
        type: 'kubernetes.io/dockerconfigjson',
        data: { [`hush`]: value },
      }),
    ],
    { existingResourcePolicy: 'update' },
  );
  expect(itemOf(plan, 'token')?.diff).toEqual([
    { path: '/data/key', op: 'replace', value: 'changed' },
  ]);
  expect(itemOf(plan, 'wrong')?.action).toBe('blocked');
  expect(JSON.stringify(plan)).not.toContain(value);
  expect(JSON.stringify(plan)).not.toContain('hush');
});

test('what needs a namespace or a definition that is not there yet is not checked, and says why', async () => {
  const group = `${namespace}.holdfast.test`;
  const absent = `${namespace}-absent`;
  const definition: KubernetesObject = {
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  };
  const type = typeOf(
    'CustomResourceDefinition',
    'customresourcedefinitions.apiextensions.k8s.io',
    false,
  );
  const plan = await planOf([
    { type, object: definition },
    stored(typeOf('Thing', `things.${group}`), 'thing', {}),
    { type: CONFIG_MAP, object: { metadata: { name: 'inside', namespace: absent } } },
    { type: NAMESPACE, object: { metadata: { name: absent } } },
  ]);
  expect(itemOf(plan, absent)).toMatchObject({ action: 'create' });
  expect(itemOf(plan, absent)).not.toHaveProperty('isChecked');
  expect(itemOf(plan, 'inside')).toMatchObject({
    ...{ action: 'create', isChecked: false },
    reason: `not checked: the namespace ${absent} is not there yet`,
  });
  expect(itemOf(plan, 'thing')).toMatchObject({
    ...{ action: 'create', isChecked: false },
    reason: `not checked: the cluster does not serve things.${group} before its definition or APIService is restored`,
  });
  expect(plan.waves.map(({ items }) => items).reduce((sum, items) => sum + items, 0)).toBe(5);
  expect(await kubectl('get', 'namespace', absent, '--ignore-not-found')).toBe('');
});

test('a pod is not blocked by an account that comes with it, and is by one that does not', async () => {
  const containers = [{ name: 'c', image: 'i' }];
  await there(ACCOUNT, 'default-stand-in', {});
  const plan = await planOf([
    stored(ACCOUNT, 'robot', {}),
    stored(POD, 'waits', { spec: { containers, serviceAccountName: 'robot' } }),
    stored(POD, 'wrong', { spec: { containers: [], serviceAccountName: 'default-stand-in' } }),
  ]);
  expect(itemOf(plan, 'waits')).toMatchObject({
    ...{ action: 'create', isChecked: false },
    reason: expect.stringMatching(/service account robot is not there yet/) as unknown,
  });
  expect(itemOf(plan, 'wrong')).toMatchObject({ action: 'blocked' });
});

test('items have the names that they have in the cluster', async () => {
  const plan = await planOf([stored(CONFIG_MAP, 'moved', {})], {
    namespaceMapping: { [namespace]: `${namespace}-copy` },
  });
  expect(itemOf(plan, 'moved')?.namespace).toBe(`${namespace}-copy`);
  expect(itemOf(plan, `${namespace}-copy`)).toMatchObject({
    action: 'create',
    resource: 'namespaces',
  });
});

test('a service that holds its own node port is no port that is taken', async () => {
  const ports = [{ port: 80, nodePort: 30_000 + (process.pid % 2500) }];
  const spec = { type: 'NodePort', ports };
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec }),
  };
  await there(SERVICE, 'web', { metadata: { name: 'web', namespace, annotations }, spec });
  const live = await cluster.read(SERVICE, { ...SERVICE, namespace, name: 'web' });
  const object = { metadata: { name: 'web', namespace, annotations }, spec: live?.['spec'] };
  const plan = await planOf([{ type: SERVICE, object }]);
  expect(itemOf(plan, 'web')?.action).toBe('unchanged');
});

test('two looks at one world have one digest, and a change of anything makes another', async () => {
  await there(CONFIG_MAP, 'other', { data: { a: 'live' } });
  const items = [
    stored(CONFIG_MAP, 'other', { data: { a: 'stored' } }),
    stored(CONFIG_MAP, 'new', { data: { a: '1' } }),
  ];
  const { digest } = await planOf(items, { existingResourcePolicy: 'update' });
  expect((await steps.preview(cluster)).digest).toBe(digest);
  const none = await steps.preview(cluster, { existingResourcePolicy: 'none' });
  expect(none.digest).not.toBe(digest);
  await kubectl('-n', namespace, 'patch', 'configmap', 'other', '-p', '{"data":{"a":"later"}}');
  // What is left alone may become another one meanwhile: the restore does the same.
  expect((await steps.preview(cluster, { existingResourcePolicy: 'none' })).digest).toBe(
    none.digest,
  );
  const later = await steps.preview(cluster);
  expect(later.digest).not.toBe(digest);
  await kubectl('-n', namespace, 'create', 'configmap', 'new', '--from-literal=a=1');
  expect((await steps.preview(cluster)).digest).not.toBe(later.digest);
});

test('a restore that is bound to a plan begins only while the plan holds', async () => {
  const items = [stored(CONFIG_MAP, 'new', { data: { a: '1' } })];
  const { digest: planDigest } = await planOf(items);
  await steps.remove();
  steps = await RestoreSteps.of(items, { planDigest });
  await steps.checkPlan(cluster);
  await there(CONFIG_MAP, 'new', { data: { a: '2' } });
  const failure = (await steps.checkPlan(cluster).catch((error: unknown) => error)) as Failure;
  expect(failure).toBeInstanceOf(Failure);
  expect(failure.code).toBe('plan-changed');
  expect(failure.message).toContain('now 1 unchanged, 1 skip');
});

test('an object that the cluster fails at is not checked, and the others are', async () => {
  const failing = wrapped({
    create: (type, object, options) =>
      object.metadata.name === 'bad'
        ? Promise.reject(new Failure('cluster-failed', 'create bad: the webhook does not answer'))
        : cluster.create(type, object, options),
  });
  steps = await RestoreSteps.of([stored(CONFIG_MAP, 'bad', {}), stored(CONFIG_MAP, 'good', {})]);
  const plan = await steps.preview(failing);
  expect(itemOf(plan, 'bad')).toMatchObject({ action: 'create', isChecked: false });
  expect(itemOf(plan, 'good')).not.toHaveProperty('isChecked');
});

test('a cluster that is away fails the whole plan', async () => {
  const away = (): Promise<never> => Promise.reject(new Failure('cluster-unreachable', 'away'));
  steps = await RestoreSteps.of([stored(CONFIG_MAP, 'one', {})]);
  await expect(steps.preview(wrapped({ create: away, identity: away }))).rejects.toMatchObject({
    code: 'cluster-unreachable',
  });
});

test('an object that changes at every look is said to, and is not looked at for ever', async () => {
  let looks = 0;
  const restless = wrapped({
    create: () => {
      looks += 1;
      return Promise.resolve({ kind: 'exists' });
    },
  });
  steps = await RestoreSteps.of([stored(CONFIG_MAP, 'gone', {})]);
  const plan = await steps.preview(restless);
  expect(itemOf(plan, 'gone')).toMatchObject({ action: 'blocked', isChecked: false });
  expect(looks).toBeLessThan(20);
});

test('a plan that is too long for its way keeps its counts and loses values', async () => {
  const items = Array.from({ length: 800 }, (_, index) =>
    stored(CONFIG_MAP, `item-${String(index)}`, { data: { a: randomBytes(90).toString('hex') } }),
  );
  const full = wrapped({
    create: () => Promise.resolve({ kind: 'exists' }),
    read: ({ kind }, { name }) =>
      Promise.resolve({
        metadata: { name, namespace },
        ...(kind === 'Namespace' ? {} : { data: { a: '' } }),
      }),
    patch: (_type, { name }, { merge }) =>
      Promise.resolve({ ...merge, metadata: { name, namespace } }),
  });
  steps = await RestoreSteps.of(items);
  const plan = await steps.preview(full);
  expect(plan.counts).toMatchObject({ skip: 800, unchanged: 1 });
  expect(plan.isShortened).toBe(true);
  expect(plan.items).toHaveLength(800);
  expect(plan.more).toEqual({ unchanged: 1 });
  expect(itemOf(plan, 'item-7')?.diff).toEqual([{ path: '/data/a', op: 'replace' }]);
  const few = await RestoreSteps.of(items.slice(0, 50));
  const whole = await few.preview(full);
  await few.remove();
  expect(whole.isShortened).toBeUndefined();
  expect(itemOf(whole, 'item-7')?.diff?.[0]?.to).toMatch(/^[0-9a-f]{180}$/);
});

/** The real cluster, with some of its methods replaced. */
function wrapped(replaced: Partial<Cluster>): Cluster {
  return new Proxy(cluster, {
    get: (target, property) => {
      const value: unknown = Reflect.get(replaced, property) ?? Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
