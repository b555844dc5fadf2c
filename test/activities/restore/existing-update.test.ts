import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { Failure } from '../../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { replacedFolder, restoreKeys } from '../../../domain/object-key.ts';
import type { ExistingResourcePolicy, RestoreVerb } from '../../../domain/restore.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { withCreate, wrapped } from '../../support/wrapped-cluster.ts';

// Goal: an update or a recreation changes what differs and nothing else, and a disturbed one tells and loses nothing.
// Method: the activities run against the real API server, over objects that it has filled in by itself.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const ACCOUNT = typeOf('ServiceAccount', 'serviceaccounts');
const DEPLOYMENT = typeOf('Deployment', 'deployments.apps');
const JOB = typeOf('Job', 'jobs.batch');
const POD = typeOf('Pod', 'pods');
const SERVICE = typeOf('Service', 'services');
const CONTAINER = { name: 'main', image: 'holdfast.test/nothing:1', imagePullPolicy: 'Never' };
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('update');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function itemOf(type: ResourceType) {
  return { ...type, namespace, name: 'one' };
}

async function read(type: ResourceType): Promise<KubernetesObject> {
  const live = await cluster.read(type, itemOf(type));
  if (live === undefined) {
    throw new Error(`there is no ${type.kind}`);
  }
  return live;
}

async function there(type: ResourceType, object: object): Promise<KubernetesObject> {
  await cluster.create(type, { metadata: { name: 'one', namespace }, ...object });
  return read(type);
}

async function backUp(
  type: ResourceType,
  object: object,
  existingResourcePolicy: ExistingResourcePolicy,
): Promise<void> {
  const whole = { metadata: { name: 'one', namespace }, ...object };
  const spec = { existingResourcePolicy, resourceTimeout: '1s' };
  steps = await RestoreSteps.of([{ type, object: whole }], spec);
}

/** Restores one object of the backup over the one that the cluster has; the namespace is the other item. */
async function restoreOver(
  type: ResourceType,
  object: object,
  existingResourcePolicy: ExistingResourcePolicy,
): Promise<RestoreVerb | undefined> {
  await backUp(type, object, existingResourcePolicy);
  const { counts } = await steps.all(cluster);
  return verbOf({ ...counts, unchanged: counts.unchanged - 1 });
}

function verbOf(counts: Readonly<Record<RestoreVerb, number>>): RestoreVerb | undefined {
  // The keys of counts are verbs.
  return (Object.entries(counts) as [RestoreVerb, number][]).find(([, count]) => count > 0)?.[0];
}

async function reasons(): Promise<string> {
  return JSON.stringify(await readJsonGz(steps.store, restoreKeys('r').results));
}

const POD_SPEC = { containers: [CONTAINER], terminationGracePeriodSeconds: 0 };
const TEMPLATE = { metadata: { labels: { app: 'one' } }, spec: { containers: [CONTAINER] } };
const SELECTOR = { matchLabels: { app: 'one' } };

test.each<{ type: ResourceType; object: object }>([
  {
    type: JOB,
    object: {
      spec: {
        suspend: true,
        template: { spec: { containers: [CONTAINER], restartPolicy: 'Never' } },
      },
    },
  },
  // No scheduler knows it, so that nobody else writes to it meanwhile.
  { type: POD, object: { spec: { ...POD_SPEC, schedulerName: 'none' } } },
  { type: DEPLOYMENT, object: { spec: { replicas: 0, selector: SELECTOR, template: TEMPLATE } } },
  { type: SERVICE, object: { spec: { type: 'NodePort', ports: [{ port: 80 }] } } },
  {
    type: typeOf('PersistentVolumeClaim', 'persistentvolumeclaims'),
    object: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    },
  },
])(
  'a $type.kind that is as it was is unchanged whatever the policy, and not written',
  async ({ type, object }) => {
    const live = await there(type, object);
    for (const policy of ['none', 'update', 'recreate'] as const) {
      expect(await restoreOver(type, live, policy)).toBe('unchanged');
      await steps.remove();
    }
    await backUp(type, live, 'none');
    const after = await read(type);
    expect(after['spec']).toEqual(live['spec']);
    expect(after.metadata.labels).toEqual(live.metadata.labels);
    expect(after.metadata.annotations?.['holdfast.dev/restore-uid']).toBeUndefined();
  },
);

test('a field of a container that the backup lacks is removed by an update', async () => {
  const env = [{ name: 'A', value: 'b' }];
  const withEnv = { ...TEMPLATE, spec: { containers: [{ ...CONTAINER, env }] } };
  await there(DEPLOYMENT, { spec: { replicas: 0, selector: SELECTOR, template: withEnv } });
  const stored = { spec: { replicas: 0, selector: SELECTOR, template: TEMPLATE } };
  expect(await restoreOver(DEPLOYMENT, stored, 'update')).toBe('updated');
  expect(JSON.stringify((await read(DEPLOYMENT))['spec'])).not.toContain('"env"');
});

test('what the server fills in, and an older backup lacks, is no difference', async () => {
  const spec = { replicas: 0, selector: SELECTOR, template: TEMPLATE };
  const live = await there(DEPLOYMENT, { spec });
  expect(await restoreOver(DEPLOYMENT, { spec }, 'update')).toBe('unchanged');
  expect((await read(DEPLOYMENT))['spec']).toEqual(live['spec']);
});

test('a recreation that a dead worker left behind is still a recreation', async () => {
  await there(CONFIG_MAP, { data: { a: 'live' }, immutable: true });
  await backUp(CONFIG_MAP, { data: { a: 'stored' }, immutable: true }, 'recreate');
  const plan = await steps.plan(cluster);
  let deleted = false;
  const dying = wrapped(cluster, {
    remove: async (...args: Parameters<Cluster['remove']>) => {
      await cluster.remove(...args);
      deleted = true;
    },
    create: (...args: Parameters<Cluster['create']>) =>
      deleted
        ? Promise.reject(new Failure('location-unreachable', 'the worker is dead'))
        : cluster.create(...args),
  });
  await expect(steps.apply(dying, plan)).rejects.toThrow('dead');
  const shards = await steps.apply(cluster, plan, { attempt: 2 });
  expect(await steps.finish(cluster, shards)).toMatchObject({
    counts: { recreated: 1, created: 0 },
  });
  expect((await read(CONFIG_MAP)).metadata.annotations?.['holdfast.dev/restore-uid']).toBe(
    `run:recreated:configmaps/${namespace}/one`,
  );
});

test('when the new one cannot be created, the report names the copy of the old one', async () => {
  const before = await there(CONFIG_MAP, { data: { a: 'live' }, immutable: true });
  await backUp(CONFIG_MAP, { data: { a: 'stored' }, immutable: true }, 'recreate');
  let creates = 0;
  const refusing = withCreate(cluster, ({ resource }) => {
    creates += resource === 'configmaps' ? 1 : 0;
    return creates > 1
      ? Promise.reject(new Failure('cluster-forbidden', 'the quota is used up'))
      : Promise.resolve();
  });
  expect(await steps.all(refusing)).toMatchObject({ counts: { failed: 1 } });
  const key = `${replacedFolder('r', itemOf(CONFIG_MAP))}${before.metadata.uid ?? ''}.json.gz`;
  expect(await reasons()).toContain(key);
  expect(await readJsonGz(steps.store, key)).toMatchObject({ data: { a: 'live' } });
});

test('a copy is not written over by that of another object of the name', async () => {
  const wanted = { data: { a: 'stored' }, immutable: true };
  const first = await there(CONFIG_MAP, { data: { a: 'first' }, immutable: true });
  await backUp(CONFIG_MAP, wanted, 'recreate');
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan);
  // Somebody puts another one in its place, and the shard is applied again.
  await kubectl('-n', namespace, 'delete', 'configmap', 'one');
  const second = await there(CONFIG_MAP, { data: { a: 'second' }, immutable: true });
  await steps.apply(cluster, plan, { attempt: 2 });
  const folder = replacedFolder('r', itemOf(CONFIG_MAP));
  for (const { metadata, data } of [first, second] as (KubernetesObject & { data: object })[]) {
    expect(await readJsonGz(steps.store, `${folder}${metadata.uid ?? ''}.json.gz`)).toMatchObject({
      data,
    });
  }
});

test('a service account that cannot be merged under the policy none is not touched', async () => {
  const before = await there(ACCOUNT, {});
  await backUp(ACCOUNT, { imagePullSecrets: [{ name: 'theirs' }] }, 'none');
  const patched: unknown[] = [];
  const refusing = wrapped(cluster, {
    patch: (_type, _item, { merge }) => {
      patched.push(merge);
      return Promise.reject(new Failure('cluster-forbidden', 'no'));
    },
  });
  expect(await steps.all(refusing)).toMatchObject({ counts: { skipped: 1, updated: 0 } });
  expect(patched.filter((merge) => !JSON.stringify(merge).includes('theirs'))).toEqual([]);
  expect(await read(ACCOUNT)).toEqual(before);
});

test('what an earlier attempt has skipped and marked is skipped again, and not written', async () => {
  await there(CONFIG_MAP, { data: { a: 'live' }, immutable: true });
  await backUp(CONFIG_MAP, { data: { a: 'stored' }, immutable: true }, 'update');
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan);
  const before = await read(CONFIG_MAP);
  expect(before.metadata.annotations?.['holdfast.dev/restore-uid']).toBe(
    `run:skipped:configmaps/${namespace}/one`,
  );
  const noPatch = wrapped(cluster, { patch: () => Promise.reject(new Error('a patch')) });
  const shards = await steps.apply(noPatch, plan, { attempt: 2 });
  expect(await steps.finish(cluster, shards)).toMatchObject({ counts: { skipped: 1 } });
  expect(await read(CONFIG_MAP)).toEqual(before);
});

test('an object that changes between the look and the update is looked at again', async () => {
  await there(CONFIG_MAP, { data: { a: 'live' } });
  await backUp(CONFIG_MAP, { data: { a: 'stored' } }, 'update');
  let reads = 0;
  const busy = wrapped(cluster, {
    read: async (type, item, signal) => {
      const live = await cluster.read(type, item, signal);
      if (type.resource === 'configmaps' && reads++ === 0) {
        await cluster.patch(type, item, { merge: { data: { late: 'too' } } });
      }
      return live;
    },
  });
  expect(await steps.all(busy)).toMatchObject({ counts: { updated: 1 } });
  expect((await read(CONFIG_MAP))['data']).toEqual({ a: 'stored' });
});

test.each([
  { conflicts: 1, counts: { updated: 1, failed: 0 } },
  { conflicts: Infinity, counts: { updated: 0, failed: 1 } },
])('$conflicts conflicts of a dry run end no restore', async ({ conflicts, counts }) => {
  await there(CONFIG_MAP, { data: { a: 'live' } });
  await backUp(CONFIG_MAP, { data: { a: 'stored' } }, 'update');
  let asked = 0;
  const busy = wrapped(cluster, {
    patch: (type, item, patch) =>
      patch.isDryRun === true && ++asked <= conflicts
        ? Promise.reject(new Failure('precondition-failed', 'the object has changed meanwhile'))
        : cluster.patch(type, item, patch),
  });
  expect(await steps.all(busy)).toMatchObject({ counts });
  expect(asked).toBeLessThan(10);
  expect((await reasons()).includes('others change it all the time')).toBe(counts.failed === 1);
});

test('a claim is never deleted to be made anew', async () => {
  const type = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims');
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  const before = await there(type, { spec });
  const wanted = { spec: { ...spec, accessModes: ['ReadWriteMany'] } };
  expect(await restoreOver(type, wanted, 'recreate')).toBe('skipped');
  expect((await read(type)).metadata.uid).toBe(before.metadata.uid);
  expect(await reasons()).toContain('objects of this type are never deleted');
});

test('a node port that another service has is a failure with what the server says', async () => {
  const web = await there(SERVICE, { spec: { type: 'NodePort', ports: [{ port: 80 }] } });
  const [port] = (web['spec'] as { ports: [{ nodePort: number }] }).ports;
  const text = JSON.stringify({ spec: { ports: [port] } });
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': text };
  const object = {
    metadata: { name: 'two', namespace, annotations },
    spec: { type: 'NodePort', ports: [port] },
  };
  expect(await restoreOver(SERVICE, object, 'update')).toBe('failed');
  expect(await reasons()).toContain('provided port is already allocated');
});
