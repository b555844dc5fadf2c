import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { CREATES_IN_FLIGHT } from '../../../activities/restore/apply-bodies.ts';
import { Failure } from '../../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { ItemOutcome } from '../../../domain/plugins/plugin-call.ts';
import type { HeartbeatProgress } from '../../../domain/run-status.ts';
import { readRestore } from '../../../storage/catalogue.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { applyYaml } from '../../support/applied-yaml.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { storeAnswers } from '../../support/stored-answers.ts';
import { withCreate } from '../../support/wrapped-cluster.ts';

// Goal: what fails because something is away for a while is restored when that is back, and reported once. Method: the
// activities run against the real API server, whose client fails at some objects until a heartbeat says that the
// restore waits.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const NAMESPACE = typeOf('Namespace', 'namespaces', false);
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('deferred');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

function configMaps(count: number): ArchiveItem[] {
  return Array.from({ length: count }, (_, index) => ({
    type: CONFIG_MAP,
    object: { metadata: { name: `item-${String(index)}`, namespace }, data: { a: 'b' } },
  }));
}

/** Fails at some objects until somebody has waited for them. */
class Outage {
  readonly cluster: Cluster;
  readonly waits: string[] = [];

  constructor(isConcerned: (type: ResourceType, object: KubernetesObject) => boolean) {
    this.cluster = withCreate(cluster, (type, object) =>
      this.waits.length === 0 && isConcerned(type, object)
        ? Promise.reject(new Failure('cluster-failed', 'the webhook is away'))
        : Promise.resolve(),
    );
  }

  readonly onBeat = ({ waitingFor }: HeartbeatProgress): void => {
    if (waitingFor !== undefined) {
      this.waits.push(waitingFor.reason);
    }
  };
}

/** Cancels when something is waited for. */
function cancelOnWait(cancel: AbortController) {
  return ({ waitingFor }: HeartbeatProgress): void => {
    if (waitingFor !== undefined) {
      cancel.abort(new Error('cancelled'));
    }
  };
}

async function errors(): Promise<readonly string[]> {
  const results = (await readJsonGz(steps.store, restoreKeys('r').results)) as {
    // The file was written by the step before, in Velero's shape.
    errors: { namespaces?: Record<string, string[]> };
  };
  return results.errors.namespaces?.[namespace] ?? [];
}

test('what a webhook keeps out while it is away is put aside, and created when it answers', async () => {
  steps = await RestoreSteps.of(configMaps(6));
  const outage = new Outage((_type, { metadata }) => ['item-1', 'item-4'].includes(metadata.name));
  const plan = await steps.plan(outage.cluster);
  const shards = await steps.apply(outage.cluster, plan, outage);
  expect(shards.map(({ items, deferred }) => [items, deferred])).toEqual([
    [1, 0],
    [4, 2],
  ]);
  const all = await steps.applyDeferred(outage.cluster, { plan, shards }, outage);
  expect(outage.waits[0]).toMatch(
    /^2 items were put aside and are tried again, the first is configmaps.*item-[14]$/,
  );
  expect(all.at(-1)).toMatchObject({ items: 2, deferred: 0 });
  expect(await steps.finish(cluster, all)).toMatchObject({
    phase: 'Completed',
    counts: { created: 6, failed: 0 },
  });
});

test('what plugins said of an item holds when it is put aside', async () => {
  steps = await RestoreSteps.of(configMaps(3));
  const said = (index: number, answer: Pick<ItemOutcome, 'patch' | 'skip'>): ItemOutcome => ({
    ...{ requestId: String(index), ...answer },
    item: { group: '', resource: 'configmaps', namespace, name: `item-${String(index)}` },
  });
  const run = { ...steps.run, kind: 'Restore' as const };
  const plugins = [
    await storeAnswers(steps.store, run, [
      said(0, { patch: [{ op: 'add', path: '/data/a', value: '"patched"' }] }),
      said(1, { skip: 'made anew' }),
    ]),
  ];
  const outage = new Outage((_type, { metadata }) => metadata.name !== 'item-1');
  const result = await steps.all(outage.cluster, { onBeat: outage.onBeat, plugins });
  expect(outage.waits[0]).toMatch(/^3 items were put aside/);
  expect(result).toMatchObject({ phase: 'Completed', counts: { created: 2, skipped: 1 } });
  const data = await Promise.all(
    [0, 2].map((index) =>
      kubectl('-n', namespace, 'get', 'cm', `item-${String(index)}`, '-o', 'jsonpath={.data.a}'),
    ),
  );
  expect(data).toEqual(['patched', 'b']);
});

test('while a webhook is away, the others of the type and namespace are put aside unasked', async () => {
  steps = await RestoreSteps.of([
    ...configMaps(200),
    { type: typeOf('Secret', 'secrets'), object: { metadata: { name: 'one', namespace } } },
  ]);
  const asked = new Set<string>();
  const outage = new Outage(({ kind }, { metadata }) => {
    asked.add(`${kind} ${metadata.name}`);
    return kind === 'ConfigMap';
  });
  const plan = await steps.plan(outage.cluster);
  const shards = await steps.apply(outage.cluster, plan, outage);
  // Those that were under way when the first one was given up.
  const ofType = [...asked].filter((name) => name.startsWith('ConfigMap '));
  expect(ofType.length).toBeLessThanOrEqual(CREATES_IN_FLIGHT);
  expect(asked).toContain('Secret one');
  expect(shards.reduce((sum, { deferred }) => sum + deferred, 0)).toBe(200);
  const all = await steps.applyDeferred(outage.cluster, { plan, shards }, outage);
  expect(await steps.finish(cluster, all)).toMatchObject({
    phase: 'Completed',
    counts: { created: 201, failed: 0 },
  });
});

test('what is refused for want of something that was put aside is put aside as well', async () => {
  const pod = {
    type: typeOf('Pod', 'pods'),
    object: {
      metadata: { name: 'one', namespace },
      // The API server refuses a pod whose account is not there.
      spec: { serviceAccountName: 'own', containers: [{ name: 'a', image: 'b' }] },
    },
  };
  const account = {
    type: typeOf('ServiceAccount', 'serviceaccounts'),
    object: { metadata: { name: 'own', namespace } },
  };
  steps = await RestoreSteps.of([account, pod]);
  const outage = new Outage(({ kind }) => kind === 'ServiceAccount');
  expect(await steps.all(outage.cluster, outage)).toMatchObject({
    phase: 'Completed',
    counts: { created: 2, failed: 0 },
  });
});

test('what stays away fails when the time is over, once, with what the cluster said', async () => {
  steps = await RestoreSteps.of(configMaps(3), { resourceTimeout: '1s' });
  const away = withCreate(cluster, (_type, { metadata }) =>
    metadata.name === 'item-2'
      ? Promise.reject(
          new Failure('cluster-failed', 'create', { serverMessage: 'no endpoints available' }),
        )
      : Promise.resolve(),
  );
  expect(await steps.all(away)).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { created: 2, failed: 1 },
  });
  expect(await errors()).toEqual([
    expect.stringMatching(/item-2.*no endpoints available; it was tried again until/),
  ]);
});

test('a restore that is cancelled while it waits tells why, and what was created stays created', async () => {
  steps = await RestoreSteps.of(configMaps(3));
  const cancel = new AbortController();
  const away = withCreate(cluster, (_type, { metadata }) =>
    metadata.name === 'item-2'
      ? Promise.reject(new Failure('cluster-failed', 'the webhook is away'))
      : Promise.resolve(),
  );
  const plan = await steps.plan(away);
  const shards = await steps.apply(away, plan);
  const waiting = steps.applyDeferred(
    away,
    { plan, shards },
    {
      signal: cancel.signal,
      onBeat: cancelOnWait(cancel),
    },
  );
  await expect(waiting).rejects.toThrow('cancelled');
  expect(await steps.finish(cluster, shards, { kind: 'cancelled' })).toMatchObject({
    counts: { created: 2, failed: 1 },
  });
  expect(await errors()).toEqual([expect.stringContaining('the restore ended before')]);
});

test.each([
  { when: 'before it tries them again', isTried: false },
  { when: 'while it tries the first of them again', isTried: true },
])('a restore that is cancelled $when tells of all that it put aside why', async ({ isTried }) => {
  steps = await RestoreSteps.of(configMaps(100));
  const cancel = new AbortController();
  const away = withCreate(cluster, ({ kind }) =>
    kind === 'ConfigMap'
      ? Promise.reject(new Failure('cluster-failed', 'the webhook is away'))
      : Promise.resolve(),
  );
  const plan = await steps.plan(away);
  const shards = await steps.apply(away, plan);
  expect(shards.map(({ items, deferred }) => [items, deferred])).toEqual([
    [1, 0],
    [0, 100],
  ]);
  if (isTried) {
    const options = { signal: cancel.signal, onBeat: cancelOnWait(cancel) };
    await expect(steps.applyDeferred(away, { plan, shards }, options)).rejects.toThrow('cancelled');
  }
  expect(await steps.finish(cluster, shards, { kind: 'cancelled' })).toMatchObject({
    ...{ phase: 'Cancelled', items: 101 },
    counts: { failed: 100 },
  });
  expect((await readRestore(steps.store, 'r'))?.claim?.leftOut).toEqual([]);
  const lines = await errors();
  expect(new Set(lines).size).toBe(100);
  expect(lines.filter((line) => !/ the webhook is away; it was put aside, /.test(line))).toEqual(
    [],
  );
  expect(lines).toContainEqual(
    expect.stringContaining('it was not tried after another ConfigMap of its namespace: '),
  );
});

test('an object that is on its way out is awaited, and then created', async () => {
  await held('item-0');
  steps = await RestoreSteps.of(configMaps(2));
  const plan = await steps.plan(cluster);
  const shards = await steps.apply(cluster, plan);
  expect(shards.reduce((sum, { deferred }) => sum + deferred, 0)).toBe(1);
  await release('item-0');
  const all = await steps.applyDeferred(cluster, { plan, shards });
  expect(await steps.finish(cluster, all)).toMatchObject({
    phase: 'Completed',
    counts: { created: 2, failed: 0 },
  });
});

test('an object that stays on its way out fails with what keeps it', async () => {
  await held('item-0');
  steps = await RestoreSteps.of(configMaps(1), {
    resourceTimeout: '1s',
    existingResourcePolicy: 'update',
  });
  expect(await steps.all(cluster)).toMatchObject({ counts: { failed: 1 } });
  await release('item-0');
  expect(await errors()).toEqual([
    expect.stringMatching(/stuck terminating.*finalizers are holdfast\.dev\/test/),
  ]);
});

/** Makes an object that is being deleted and stays. */
async function held(name: string): Promise<void> {
  const metadata = { name, namespace, finalizers: ['holdfast.dev/test'] };
  await cluster.create(CONFIG_MAP, { metadata, data: { a: 'old' } });
  await kubectl('-n', namespace, 'delete', 'configmap', name, '--wait=false');
}

async function release(name: string): Promise<void> {
  const merge = { metadata: { finalizers: null } };
  await cluster.patch(CONFIG_MAP, { ...CONFIG_MAP, namespace, name }, { merge });
}

test('a namespace that is put aside brings its content along', async () => {
  const fresh = `${namespace}-fresh`;
  const inFresh = configMaps(2).map(({ type, object }) => ({
    ...{ type, object: { ...object, metadata: { ...object.metadata, namespace: fresh } } },
  }));
  const whole = { type: NAMESPACE, object: { metadata: { name: fresh } } };
  steps = await RestoreSteps.of([whole, ...inFresh]);
  const outage = new Outage(({ kind }) => kind === 'Namespace');
  try {
    expect(await steps.all(outage.cluster, outage)).toMatchObject({
      phase: 'Completed',
      counts: { created: 3, failed: 0 },
    });
  } finally {
    await kubectl('delete', 'namespace', fresh, '--wait=false');
  }
});

test('objects of an aggregated API that is restored with them wait until it is served', async () => {
  const group = `${namespace}.example`;
  const apiServices = typeOf('APIService', 'apiservices.apiregistration.k8s.io', false);
  const name = `v1.${group}`;
  const service = { name: 'api', namespace };
  const priorities = { groupPriorityMinimum: 1000, versionPriority: 10 };
  const spec = { group, version: 'v1', service, insecureSkipTLSVerify: true, ...priorities };
  const things = typeOf('Thing', `things.${group}`);
  steps = await RestoreSteps.of([
    { type: apiServices, object: { metadata: { name }, spec } },
    { type: things, object: { metadata: { name: 'one', namespace } } },
  ]);
  const waits: string[] = [];
  let served: Promise<unknown> | undefined;
  const onBeat = ({ waitingFor }: HeartbeatProgress): void => {
    if (waitingFor !== undefined) {
      waits.push(waitingFor.reason);
      // A server comes that serves the type: for the restore it is the same whose it is. At no moment there is neither.
      served ??= applyYaml(definition(group)).then(() => kubectl('delete', 'apiservice', name));
    }
  };
  try {
    expect(await steps.all(cluster, { onBeat })).toMatchObject({
      phase: 'Completed',
      counts: { created: 2, failed: 0 },
    });
    expect(waits[0]).toContain(`the first is things.${group}`);
    const names = await kubectl('-n', namespace, 'get', `things.${group}`, '-o', 'name');
    expect(names.trim()).toBe(`thing.${group}/one`);
  } finally {
    await served;
    await kubectl('delete', 'customresourcedefinition', `things.${group}`, '--ignore-not-found');
    await kubectl('delete', 'apiservice', name, '--ignore-not-found');
  }
});

function definition(group: string): string {
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { plural: things, singular: thing, kind: Thing }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
}
