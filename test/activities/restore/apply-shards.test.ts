import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { refusal } from '../../../activities/kubernetes/errors.ts';
import { Failure } from '../../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreResult } from '../../../domain/restore.ts';
import { readRestore } from '../../../storage/catalogue.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { discoveringCluster } from '../../support/discovering-cluster.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { deleteNamespace, kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { withCreate, wrapped } from '../../support/wrapped-cluster.ts';

// Goal: whatever the cluster does with one object, the others are restored and every one is explained.
// Method: the activities run against the real API server. Where it cannot be made to fail, its client is wrapped.

const cluster = openCluster();
const group = `g${String(process.pid)}.holdfast.test`;
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('apply');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function configMaps(count: number, type: ResourceType = CONFIG_MAP): ArchiveItem[] {
  return Array.from({ length: count }, (_, index) => ({
    type,
    object: { metadata: { name: `item-${String(index)}`, namespace }, data: { a: 'b' } },
  }));
}

function definition(plural: string, kind: string): ArchiveItem {
  const object: KubernetesObject = {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
  const type = typeOf(
    'CustomResourceDefinition',
    'customresourcedefinitions.apiextensions.k8s.io',
    false,
  );
  return { type, object };
}

function custom(kind: string, plural: string): ArchiveItem {
  const object = { metadata: { name: 'one', namespace }, spec: { size: 3 } };
  return { type: typeOf(kind, `${plural}.${group}`), object };
}

interface ResultsFile {
  readonly errors: { namespaces?: Record<string, string[]>; cluster?: string[] };
}

async function errors(): Promise<ResultsFile['errors']> {
  // The file was written by the step before, in Velero's shape.
  return ((await readJsonGz(steps.store, restoreKeys('r').results)) as ResultsFile).errors;
}

async function namesOf(resource: string): Promise<string[]> {
  const text = await kubectl('-n', namespace, 'get', resource, '-o', 'name');
  return text.split('\n').filter((name) => name.includes('/item-'));
}

test('a definition that is never established fails alone, and its objects with it', async () => {
  steps = await RestoreSteps.of(
    [
      definition('gadgets', 'Gadget'),
      // It wants a kind that the one before has taken, so its names are never accepted.
      definition('rivals', 'Gadget'),
      custom('Gadget', 'gadgets'),
      custom('Gadget', 'rivals'),
      ...configMaps(1),
    ],
    { resourceTimeout: '6s' },
  );
  await kubectl('delete', 'crd', `rivals.${group}`, '--ignore-not-found');
  await cluster.create(definition('gadgets', 'Gadget').type, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    ...definition('gadgets', 'Gadget').object,
  });
  // Else the other one may be the first to take the kind.
  await kubectl('wait', '--for=condition=Established', `crd/gadgets.${group}`, '--timeout=60s');
  try {
    const waits: string[] = [];
    const result = await steps.all(cluster, {
      onBeat: ({ waitingFor }) => waits.push(waitingFor?.reason ?? ''),
    });
    expect(waits).toContain(`the definition rivals.${group} is not established yet`);
    expect(result).toMatchObject({
      phase: 'PartiallyFailed',
      counts: { created: 2, failed: 2 },
    });
    const { cluster: ofCluster, namespaces: inNamespaces } = await errors();
    expect(ofCluster).toEqual([expect.stringMatching(/rivals.*NamesAccepted: \w+Conflict/)]);
    expect(inNamespaces?.[namespace]).toEqual([expect.stringContaining('does not serve rivals')]);
    const size = await kubectl(
      '-n',
      namespace,
      'get',
      `gadgets.${group}`,
      'one',
      '-o',
      'jsonpath={.spec.size}',
    );
    expect(size).toBe('3');
  } finally {
    await kubectl('delete', 'crd', `gadgets.${group}`, `rivals.${group}`, '--ignore-not-found');
  }
});

/** A restore whose plan was made when the cluster served one more type. */
async function allPlannedFor(type: ResourceType): Promise<RestoreResult> {
  const { types } = await cluster.discover();
  const before = discoveringCluster({ types, otherVersions: [type] });
  return steps.finish(cluster, await steps.apply(cluster, await steps.plan(before)));
}

test('objects of a type that the cluster does not serve fail at once, each with the reason', async () => {
  const unserved = typeOf('Nothing', 'nothings.example.com');
  steps = await RestoreSteps.of([...configMaps(3), ...configMaps(200, unserved)]);
  const start = Date.now();
  expect(await allPlannedFor(unserved)).toMatchObject({ counts: { created: 3, failed: 200 } });
  expect(Date.now() - start).toBeLessThan(5000);
  const lines = (await errors()).namespaces?.[namespace] ?? [];
  expect(lines).toHaveLength(200);
  expect(lines[0]).toContain('does not serve nothings.example.com in version example.com/v1');
});

test('a version that is served no more is told apart from a type that is not served', async () => {
  const old: ResourceType = { ...typeOf('Deployment', 'deployments.apps'), version: 'v1beta1' };
  steps = await RestoreSteps.of(configMaps(1, old));
  expect(await allPlannedFor(old)).toMatchObject({ counts: { failed: 1 } });
  expect((await errors()).namespaces?.[namespace]?.[0]).toContain(
    'serves deployments.apps in version apps/v1, and not in apps/v1beta1',
  );
});

test('a namespace that is neither there nor in the backup is created before its objects', async () => {
  steps = await RestoreSteps.of(configMaps(2));
  await deleteNamespace(namespace);
  expect(await steps.all(cluster)).toMatchObject({ phase: 'Completed', counts: { created: 3 } });
  expect(await namesOf('configmaps')).toHaveLength(2);
});

test('a namespace that is being deleted is awaited, and then created again', async () => {
  steps = await RestoreSteps.of([
    { type: typeOf('Namespace', 'namespaces', false), object: { metadata: { name: namespace } } },
    ...configMaps(1),
  ]);
  const held = '{"metadata":{"finalizers":["holdfast.dev/test"]}}';
  await kubectl('-n', namespace, 'create', 'configmap', 'held');
  await kubectl('-n', namespace, 'patch', 'configmap', 'held', '-p', held);
  const before = await kubectl('get', 'namespace', namespace, '-o', 'jsonpath={.metadata.uid}');
  await kubectl('delete', 'namespace', namespace, '--wait=false');
  const restoring = steps.all(cluster);
  const early = await Promise.race([
    restoring,
    new Promise((resolve) => setTimeout(resolve, 2000)),
  ]);
  expect(early).toBeUndefined();
  await kubectl(
    '-n',
    namespace,
    'patch',
    'configmap',
    'held',
    '-p',
    '{"metadata":{"finalizers":null}}',
  );
  expect(await restoring).toMatchObject({ phase: 'Completed', counts: { created: 2 } });
  const after = await kubectl('get', 'namespace', namespace, '-o', 'jsonpath={.metadata.uid}');
  expect(after).not.toBe(before);
});

test('a shard that is applied again creates nothing twice, and says the same', async () => {
  steps = await RestoreSteps.of(configMaps(20));
  const plan = await steps.plan(cluster);
  const first = await steps.apply(cluster, plan);
  const versions = await kubectl(
    '-n',
    namespace,
    'get',
    'configmaps',
    '-o',
    'jsonpath={.items[*].metadata.resourceVersion}',
  );
  const second = await steps.apply(cluster, plan);
  expect(second.map(({ items }) => items)).toEqual(first.map(({ items }) => items));
  expect(
    await kubectl(
      '-n',
      namespace,
      'get',
      'configmaps',
      '-o',
      'jsonpath={.items[*].metadata.resourceVersion}',
    ),
  ).toBe(versions);
  expect(await steps.finish(cluster, second)).toMatchObject({
    phase: 'Completed',
    counts: { created: 20, unchanged: 1 },
  });
});

test('what a cancelled shard created is in the report, and what it did not reach is counted', async () => {
  steps = await RestoreSteps.of(configMaps(300));
  const cancel = new AbortController();
  let creates = 0;
  const cancelling = withCreate(cluster, async ({ resource }) => {
    creates += resource === 'configmaps' ? 1 : 0;
    if (creates === 40) {
      cancel.abort(new Error('cancelled'));
    }
    return Promise.resolve();
  });
  const plan = await steps.plan(cluster);
  await expect(steps.apply(cancelling, plan, { signal: cancel.signal })).rejects.toThrow(
    'cancelled',
  );
  const result = await steps.finish(cluster, [], { kind: 'cancelled' });
  const created = await namesOf('configmaps');
  expect(created.length).toBeGreaterThanOrEqual(40);
  expect(created.length).toBeLessThan(300);
  expect(result).toMatchObject({
    phase: 'Cancelled',
    counts: { created: created.length, failed: 0 },
  });
  const stored = await readRestore(steps.store, 'r');
  expect(stored?.claim?.leftOut).toEqual([
    { reason: 'the restore ended before it', items: 300 - created.length },
  ]);
  const list = (await readJsonGz(steps.store, restoreKeys('r').resourceList)) as Record<
    string,
    string[]
  >;
  expect(list['v1/ConfigMap']?.sort()).toEqual(
    created.map((name) => `${namespace}/${name.replace('configmap/', '')}(created)`).sort(),
  );
});

test('two attempts that both failed are one report, and a created object stays created', async () => {
  steps = await RestoreSteps.of(configMaps(30));
  const plan = await steps.plan(cluster);
  for (const limit of [10, 20]) {
    let creates = 0;
    const failing = withCreate(cluster, () => {
      creates += 1;
      return creates > limit
        ? Promise.reject(new Failure('location-unreachable', 'away'))
        : Promise.resolve();
    });
    await expect(steps.apply(failing, plan)).rejects.toMatchObject({
      code: 'location-unreachable',
    });
  }
  const failure = { code: 'location-unreachable', message: 'away' } as const;
  const result = await steps.finish(cluster, [], { kind: 'failed', failure });
  const created = await namesOf('configmaps');
  expect(result).toMatchObject({ phase: 'Failed', counts: { created: created.length }, errors: 1 });
});

test('an object whose own API server is away fails after its tries, and the others are restored', async () => {
  steps = await RestoreSteps.of(configMaps(6), { resourceTimeout: '1s' });
  const away = withCreate(cluster, (_type, object) =>
    ['item-1', 'item-2'].includes(object.metadata.name)
      ? Promise.reject(new Failure('cluster-unreachable', 'HTTP 503'))
      : Promise.resolve(),
  );
  expect(await steps.all(away)).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { created: 4, failed: 2 },
  });
  expect((await errors()).namespaces?.[namespace]?.[0]).toContain('cluster-failed: HTTP 503');
});

test('an object that meets others at a quota is created by another try', async () => {
  steps = await RestoreSteps.of(configMaps(3));
  const message =
    'Operation cannot be fulfilled on resourcequotas "own": please apply your changes';
  const body = JSON.stringify({ kind: 'Status', reason: 'Conflict', code: 409, message });
  let conflicts = 0;
  const crowded = withCreate(cluster, (_type, { metadata }) => {
    const isMet = metadata.name === 'item-1' && conflicts < 2;
    conflicts += isMet ? 1 : 0;
    const answer = { status: 409, retryAfter: undefined, body };
    return isMet ? Promise.reject(refusal(answer, 'create', 'item-1')) : Promise.resolve();
  });
  const shards = await steps.apply(crowded, await steps.plan(crowded));
  expect(conflicts).toBe(2);
  expect(shards.map(({ deferred }) => deferred)).toEqual([0, 0]);
  expect(await steps.finish(cluster, shards)).toMatchObject({ counts: { created: 3, failed: 0 } });
});

const THROTTLED = refusal({ status: 429, retryAfter: '1', body: '' }, 'create', 'one');

test('a type that is throttled is put aside, and keeps no other one from being restored', async () => {
  const secret = { metadata: { name: 'item-40', namespace } };
  steps = await RestoreSteps.of([
    ...configMaps(40),
    { type: typeOf('Secret', 'secrets'), object: secret },
  ]);
  let isOver = false;
  let asked = 0;
  const busy = withCreate(cluster, ({ resource }) => {
    const isMet = resource === 'configmaps' && !isOver;
    asked += isMet ? 1 : 0;
    return isMet ? Promise.reject(THROTTLED) : Promise.resolve();
  });
  const plan = await steps.plan(busy);
  const shards = await steps.apply(busy, plan);
  expect(shards.reduce((sum, { deferred }) => sum + deferred, 0)).toBe(40);
  // The client has asked again by itself, so each that was under way is asked for once, and the rest not at all.
  expect(asked).toBeLessThan(40);
  expect(await namesOf('secrets')).toEqual(['secret/item-40']);
  isOver = true;
  const all = await steps.applyDeferred(busy, { plan, shards });
  expect(await steps.finish(cluster, all)).toMatchObject({ counts: { created: 41, failed: 0 } });
});

test('a cluster that throttles everything fails the attempt, so that the shard is applied again', async () => {
  steps = await RestoreSteps.of(configMaps(1));
  const plan = await steps.plan(cluster);
  const busy = withCreate(cluster, () => Promise.reject(THROTTLED), {
    identity: () => Promise.reject(THROTTLED),
  });
  await expect(steps.apply(busy, plan)).rejects.toMatchObject({ code: 'throttled' });
});

test('an API server that is away fails the attempt, so that the shard is applied again', async () => {
  steps = await RestoreSteps.of(configMaps(1));
  const plan = await steps.plan(cluster);
  const gone = new Failure('cluster-unreachable', 'no answer');
  const away = withCreate(cluster, () => Promise.reject(gone), {
    identity: () => Promise.reject(gone),
  });
  await expect(steps.apply(away, plan)).rejects.toMatchObject({ code: 'cluster-unreachable' });
});

test('an object that is said to be there and is not is tried a few times only', async () => {
  steps = await RestoreSteps.of(configMaps(1));
  let creates = 0;
  const absurd = wrapped(cluster, {
    create: (_type, object) => {
      creates += 1;
      // The first one is the namespace.
      const isNamespace = creates === 1;
      return Promise.resolve(isNamespace ? { kind: 'created', object } : { kind: 'exists' });
    },
  });
  expect(await steps.all(absurd)).toMatchObject({ counts: { failed: 1 } });
  expect(creates).toBeLessThan(10);
});

test('two namespaces that are swapped both come back, each with the objects of the other', async () => {
  const other = `${namespace}-other`;
  await kubectl('create', 'namespace', other);
  const both = [namespace, other].map((from) => ({
    type: CONFIG_MAP,
    object: { metadata: { name: 'same', namespace: from }, data: { from } },
  }));
  const namespaceMapping = { [namespace]: other, [other]: namespace };
  steps = await RestoreSteps.of(both, { namespaceMapping });
  expect(await steps.all(cluster)).toMatchObject({ phase: 'Completed', counts: { created: 2 } });
  for (const [from, to] of Object.entries(namespaceMapping)) {
    const restored = await cluster.read(CONFIG_MAP, { ...CONFIG_MAP, namespace: to, name: 'same' });
    expect(restored?.['data']).toEqual({ from });
  }
  await kubectl('delete', 'namespace', other, '--wait=false');
});
