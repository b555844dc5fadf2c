import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { Failure } from '../../../domain/failure.ts';
import { replacedObjectKey, restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { type Applied, applyYaml } from '../../support/applied-yaml.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { type Asked, startLocalWebhook } from '../../support/local-webhook.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { withCreate } from '../../support/wrapped-cluster.ts';

// Goal: whatever status a webhook denies with, its denial is the end of that one object, and of nothing else.
// Method: the real API server asks a webhook of this process; the restore may wait for much longer than the test.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
let steps: RestoreSteps;
let namespace: string;
let guard: Applied | undefined;

beforeEach(async () => {
  namespace = await freshNamespace('denials');
});

afterEach(async () => {
  await steps.remove();
  await guard?.remove();
  guard = undefined;
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

async function backUp(spec: Partial<RestoreSpec> = {}): Promise<void> {
  const items = ['denied', 'other'].map((name) => ({
    type: CONFIG_MAP,
    object: { metadata: { name, namespace }, data: { a: 'stored' } },
  }));
  steps = await RestoreSteps.of(items, { ...spec, resourceTimeout: '1h' });
}

async function errors(): Promise<readonly string[]> {
  const results = (await readJsonGz(steps.store, restoreKeys('r').results)) as {
    // The file was written by the step before, in Velero's shape.
    errors: { namespaces?: Record<string, string[]> };
  };
  return results.errors.namespaces?.[namespace] ?? [];
}

test.each([
  { code: 401, reason: 'Unauthorized' },
  { code: 403 },
  { code: 404, reason: 'NotFound' },
  { code: 408 },
  { code: 409, reason: 'AlreadyExists' },
  { code: 409, reason: 'Conflict' },
  { code: 410, reason: 'Expired' },
  { code: 422, reason: 'Invalid' },
  { code: 429, reason: 'TooManyRequests' },
  { code: 500, reason: 'InternalError' },
  { code: 503, reason: 'ServiceUnavailable' },
])('a denial with $code $reason fails its object alone, and at once', async (status) => {
  let asked = 0;
  guard = await startLocalWebhook(namespace, ({ object }) => {
    const isDenied = object?.metadata.name === 'denied';
    asked += isDenied ? 1 : 0;
    return isDenied ? { ...status, message: 'not here' } : undefined;
  });
  await backUp();
  expect(await steps.all(cluster)).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { created: 1, failed: 1 },
  });
  expect(await errors()).toEqual([
    expect.stringMatching(/denied: cluster-rejected: .*denied the request: not here$/),
  ]);
  expect(asked).toBe(1);
});

test('a denial that quotes a Secret is told without its values', async () => {
  const type = typeOf('Secret', 'secrets');
  const [pin, live] = ['pin-of-the-backup', 'pin-of-the-cluster'];
  const secret = (name: string, text: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } },
    data: { pin: Buffer.from(text).toString('base64') },
  });
  await cluster.create(type, secret('there', live));
  const quote = (text: string) => `${text} (${Buffer.from(text).toString('base64')})`;
  const message = `pin: ${quote(pin)} for ${quote(live)}`;
  const deny = ({ object, operation }: Asked) =>
    object?.metadata.name === 'new' || operation === 'UPDATE' ? { code: 422, message } : undefined;
  guard = await startLocalWebhook(namespace, deny, 'secrets');
  const items = ['new', 'there'].map((name) => ({ type, object: secret(name, pin) }));
  steps = await RestoreSteps.of(items, { existingResourcePolicy: 'update' });
  await steps.all(cluster);
  const told = JSON.stringify(await readJsonGz(steps.store, restoreKeys('r').results));
  expect(told).toContain('pin: *** (***) for *** (***)');
  expect(told).toContain('pin: *** (***) for pin-of-the-cluster');
});

test.each([404, 409, 429])('an update that is denied with %i leaves the object', async (code) => {
  await cluster.create(CONFIG_MAP, { metadata: { name: 'denied', namespace }, data: { a: 'b' } });
  guard = await startLocalWebhook(namespace, ({ operation }) =>
    operation === 'UPDATE' ? { code, reason: 'Conflict', message: 'not now' } : undefined,
  );
  await backUp({ existingResourcePolicy: 'update' });
  expect(await steps.all(cluster)).toMatchObject({ counts: { created: 1, skipped: 1 } });
  const live = await cluster.read(CONFIG_MAP, { ...CONFIG_MAP, namespace, name: 'denied' });
  expect(live?.['data']).toEqual({ a: 'b' });
});

/** Denies every update of a ConfigMap, with the status 422 that a policy has when it names none. */
async function startPolicy(): Promise<Applied> {
  const name = `policy-${namespace}`;
  const applied = await applyYaml(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: ${name}}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [UPDATE]}]
  validations: [{expression: "false", message: not now}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ${name}}
spec: {policyName: ${name}, validationActions: [Deny]}
`);
  const merge = { data: { a: 'probe' } };
  const item = { ...CONFIG_MAP, namespace, name: 'denied' };
  const isDenied = () =>
    cluster.patch(CONFIG_MAP, item, { merge, isDryRun: true }).then(
      () => false,
      () => true,
    );
  await expect.poll(isDenied, { timeout: 20_000 }).toBe(true);
  return applied;
}

function startInvalidating(): Promise<Applied> {
  return startLocalWebhook(namespace, ({ operation }) =>
    operation === 'UPDATE' ? { code: 422, reason: 'Invalid', message: 'not now' } : undefined,
  );
}

test.each([
  { by: 'webhook', start: startInvalidating, says: /denied the request: not now$/ },
  { by: 'policy', start: startPolicy, says: /denied request: not now$/ },
])(
  'an object whose update a $by denies as invalid is not deleted to be made anew',
  async ({ start, says }) => {
    const item = { ...CONFIG_MAP, namespace, name: 'denied' };
    await cluster.create(CONFIG_MAP, { metadata: { name: 'denied', namespace }, data: { a: 'b' } });
    const before = await cluster.read(CONFIG_MAP, item);
    guard = await start();
    await backUp({ existingResourcePolicy: 'recreate' });
    const plan = await steps.preview(cluster);
    expect(plan.items.find(({ name }) => name === 'denied')).toMatchObject({
      action: 'blocked',
      reason: expect.stringMatching(says) as unknown,
    });
    expect(await steps.all(cluster)).toMatchObject({ counts: { created: 1, skipped: 1 } });
    const live = await cluster.read(CONFIG_MAP, item);
    expect(live?.metadata.uid).toBe(before?.metadata.uid);
    expect(live?.['data']).toEqual({ a: 'b' });
    const results = await readJsonGz(steps.store, restoreKeys('r').results);
    expect(JSON.stringify(results)).toMatch(/denied (the )?request: not now/);
  },
);

test('an object whose deletion is denied is not said to be deleted', async () => {
  const item = { ...CONFIG_MAP, namespace, name: 'denied' };
  const metadata = { name: 'denied', namespace };
  await cluster.create(CONFIG_MAP, { metadata, data: { a: 'b' }, immutable: true });
  const { uid } = (await cluster.read(CONFIG_MAP, item))?.metadata ?? {};
  guard = await startLocalWebhook(namespace, ({ operation }) =>
    operation === 'DELETE' ? { code: 403, message: 'it is needed' } : undefined,
  );
  await backUp({ existingResourcePolicy: 'recreate' });
  const plan = await steps.plan(cluster);
  // Another attempt finds the copy of the first one.
  for (const attempt of [1, 2]) {
    const shards = await steps.apply(cluster, plan, { attempt });
    expect(await steps.finish(cluster, shards)).toMatchObject({
      counts: { created: 1, recreated: 0, failed: 1 },
    });
    const copy = replacedObjectKey('r', item, uid ?? '');
    expect(await errors()).toEqual([
      expect.stringMatching(/denied the request: it is needed; it is not deleted, and a copy is/),
    ]);
    expect((await errors())[0]).toContain(`kept as ${copy}`);
  }
  expect((await cluster.read(CONFIG_MAP, item))?.metadata.uid).toBe(uid);
});

test('one aggregated API that does not know the worker fails its objects alone', async () => {
  await backUp();
  const own = withCreate(cluster, (_type, { metadata }) =>
    metadata.name === 'denied'
      ? Promise.reject(new Failure('cluster-unauthenticated', 'HTTP 401'))
      : Promise.resolve(),
  );
  expect(await steps.all(own)).toMatchObject({ counts: { created: 1, failed: 1 } });
  expect(await errors()).toEqual([expect.stringContaining('denied: cluster-rejected: HTTP 401')]);
});

test('a worker that the cluster does not know any more ends the attempt', async () => {
  await backUp();
  const plan = await steps.plan(cluster);
  const unknown = new Failure('cluster-unauthenticated', 'HTTP 401');
  const lost = withCreate(cluster, () => Promise.reject(unknown), {
    identity: () => Promise.reject(unknown),
  });
  await expect(steps.apply(lost, plan)).rejects.toMatchObject({ code: 'cluster-unauthenticated' });
});
