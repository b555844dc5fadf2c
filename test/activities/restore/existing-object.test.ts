import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import type { ExistingResourcePolicy } from '../../../domain/restore.ts';
import { replacedObjectKey, restoreKeys } from '../../../domain/object-key.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: what becomes of an object that is there is what the policy says, and a second run finds nothing to do.
// Method: the activities run against the real API server.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const ACCOUNT = typeOf('ServiceAccount', 'serviceaccounts');
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('existing');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function read(type: ResourceType, name: string): Promise<KubernetesObject | undefined> {
  return cluster.read(type, { ...type, namespace, name });
}

/** Restores one object of the backup over the one that the cluster has. */
async function restoreOver(
  type: ResourceType,
  object: object,
  existingResourcePolicy: ExistingResourcePolicy,
) {
  const whole = { metadata: { name: 'one', namespace }, ...object };
  steps = await RestoreSteps.of([{ type, object: whole }], { existingResourcePolicy });
  return (await steps.all(cluster)).counts;
}

async function there(type: ResourceType, object: object): Promise<void> {
  await cluster.create(type, { metadata: { name: 'one', namespace }, ...object });
}

test('an object that differs is left alone by default, and the report says so', async () => {
  await there(CONFIG_MAP, { data: { a: 'live' } });
  expect(await restoreOver(CONFIG_MAP, { data: { a: 'stored' } }, 'none')).toMatchObject({
    skipped: 1,
    updated: 0,
  });
  expect(await read(CONFIG_MAP, 'one')).toMatchObject({ data: { a: 'live' } });
});

test('the policy update makes of it what the backup has, and marks it', async () => {
  await there(CONFIG_MAP, { data: { a: 'live', b: 'more' } });
  expect(await restoreOver(CONFIG_MAP, { data: { a: 'stored' } }, 'update')).toMatchObject({
    updated: 1,
  });
  const live = await read(CONFIG_MAP, 'one');
  expect(live?.['data']).toEqual({ a: 'stored' });
  expect(live?.metadata.annotations).toEqual({
    'holdfast.dev/restore-uid': `run:updated:configmaps/${namespace}/one`,
  });
});

test('the policy update writes nothing where nothing differs', async () => {
  await there(CONFIG_MAP, { data: { a: 'same' } });
  const before = await read(CONFIG_MAP, 'one');
  expect(await restoreOver(CONFIG_MAP, { data: { a: 'same' } }, 'update')).toMatchObject({
    // The namespace is the other one.
    unchanged: 2,
    updated: 0,
  });
  expect(await read(CONFIG_MAP, 'one')).toEqual(before);
});

test("a copy of a restored object, which carries its mark, is somebody else's", async () => {
  const items = ['one', 'two'].map((name) => {
    const object = { metadata: { name, namespace }, data: { a: 'stored' } };
    return { type: CONFIG_MAP, object };
  });
  steps = await RestoreSteps.of(items.slice(0, 1));
  await steps.all(cluster);
  const { labels = {}, annotations = {} } = (await read(CONFIG_MAP, 'one'))?.metadata ?? {};
  const metadata = { name: 'two', namespace, labels, annotations };
  await cluster.create(CONFIG_MAP, { metadata, data: { a: 'live' } });
  await steps.remove();

  steps = await RestoreSteps.of(items);
  // A later attempt of the same restore; the namespace is unchanged.
  expect((await steps.all(cluster, { attempt: 2 })).counts).toMatchObject({
    ...{ created: 1, unchanged: 1, skipped: 1 },
  });
  expect(await read(CONFIG_MAP, 'two')).toMatchObject({ data: { a: 'live' } });
});

test('an immutable field that differs stops an update, and only recreate makes the object anew', async () => {
  await there(CONFIG_MAP, { data: { a: 'live' }, immutable: true });
  const wanted = { data: { a: 'stored' }, immutable: true };
  expect(await restoreOver(CONFIG_MAP, wanted, 'update')).toMatchObject({ skipped: 1 });
  const before = await read(CONFIG_MAP, 'one');
  expect(before?.['data']).toEqual({ a: 'live' });
  await steps.remove();
  // The next one is another restore, which has the uid of this one.
  await kubectl('-n', namespace, 'annotate', 'configmap', 'one', 'holdfast.dev/restore-uid-');

  expect(await restoreOver(CONFIG_MAP, wanted, 'recreate')).toMatchObject({ recreated: 1 });
  const live = await read(CONFIG_MAP, 'one');
  expect(live?.['data']).toEqual({ a: 'stored' });
  expect(live?.metadata.uid).not.toBe(before?.metadata.uid);
  // What was deleted is kept with the restore.
  const key = replacedObjectKey(
    'r',
    { ...CONFIG_MAP, namespace, name: 'one' },
    before?.metadata.uid ?? '',
  );
  expect(await readJsonGz(steps.store, key)).toMatchObject({ data: { a: 'live' } });
});

test('a service account is merged whatever the policy, and the values of the cluster win', async () => {
  const live = { metadata: { name: 'one', namespace, labels: { a: 'live' } } };
  await there(ACCOUNT, { ...live, imagePullSecrets: [{ name: 'mine' }] });
  const wanted = { metadata: { name: 'one', namespace, labels: { a: 'stored', b: 'stored' } } };
  const secrets = { imagePullSecrets: [{ name: 'theirs' }] };
  expect(await restoreOver(ACCOUNT, { ...wanted, ...secrets }, 'none')).toMatchObject({
    updated: 1,
  });
  const account = await read(ACCOUNT, 'one');
  expect(account?.metadata.labels).toMatchObject({ a: 'live', b: 'stored' });
  expect(account?.['imagePullSecrets']).toEqual([{ name: 'mine' }, { name: 'theirs' }]);
});

test('what the API server says against an object is in the report', async () => {
  const invalid = { metadata: { name: 'one', namespace, labels: { a: 'not a label' } } };
  expect(await restoreOver(CONFIG_MAP, invalid, 'none')).toMatchObject({ failed: 1 });
  const results = await readJsonGz(steps.store, restoreKeys('r').results);
  expect(JSON.stringify(results)).toContain('not a label');
});
