import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { Failure } from '../../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import type { ExistingResourcePolicy, RestoreSpec } from '../../../domain/restore.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: the policy `none` calls an object unchanged where `update` would change nothing of it, and skipped where it
// would. Method: plans and restores against the real API server, of types that no controller writes to.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const CRON_JOB = typeOf('CronJob', 'cronjobs.batch');
const DATA = { data: { a: '1' } };
const POD_SPEC = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'nothing:1' }] };
const SCHEDULE = {
  ...{ schedule: '0 0 1 1 *', suspend: true },
  jobTemplate: { spec: { template: { spec: POD_SPEC } } },
};
const JOBS = { spec: SCHEDULE };
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('alone');
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

/** An object that the cluster has and the backup has otherwise. */
interface Pair {
  readonly what: string;
  readonly type: ResourceType;
  readonly stored: object;
  /** What the live one has in the place of it. */
  readonly live?: object;
  readonly metadata?: object;
}

function objectOf(content: object, metadata: object = {}): KubernetesObject {
  return { ...content, metadata: { name: 'one', namespace, ...metadata } };
}

function read(type: ResourceType): Promise<KubernetesObject | undefined> {
  return cluster.read(type, { ...type, namespace, name: 'one' });
}

async function over({ type, stored, live = stored, metadata }: Pair): Promise<void> {
  await cluster.create(type, objectOf(live, metadata));
  steps = await RestoreSteps.of([{ type, object: objectOf(stored) }]);
}

/** The action of a plan for the object; the namespace is the other item. */
async function planned(existingResourcePolicy: ExistingResourcePolicy) {
  const { items } = await steps.preview(cluster, { existingResourcePolicy });
  return items.find(({ name }) => name === 'one');
}

async function restored({ type, stored }: Pair, spec: Partial<RestoreSpec>) {
  await steps.remove();
  steps = await RestoreSteps.of([{ type, object: objectOf(stored) }], spec);
  return (await steps.all(cluster)).counts;
}

test.each<Pair>([
  {
    ...{ what: 'a key that the backup lacks', type: CONFIG_MAP },
    ...{ stored: DATA, live: { data: { a: '1', b: '2' } } },
  },
  {
    ...{ what: 'a label', type: CONFIG_MAP, stored: DATA },
    metadata: { labels: { a: 'b' } },
  },
  {
    ...{ what: 'an annotation', type: CONFIG_MAP, stored: DATA },
    metadata: { annotations: { a: 'b' } },
  },
  {
    ...{ what: 'a field that the server does not fill in', type: CRON_JOB },
    ...{ stored: JOBS, live: { spec: { ...SCHEDULE, startingDeadlineSeconds: 9 } } },
  },
])('an object that differs by $what is skipped, and update changes it', async (pair) => {
  await over(pair);
  const before = await read(pair.type);
  expect(await planned('none')).toMatchObject({
    action: 'skip',
    reason: 'another object of this name is there, and is left alone',
    diff: [{ op: 'remove' }],
  });
  expect(await planned('update')).toMatchObject({ action: 'update', diff: [{ op: 'remove' }] });
  expect(await restored(pair, {})).toMatchObject({ skipped: 1, unchanged: 1 });
  expect(await read(pair.type)).toEqual(before);
  const spec = { existingResourcePolicy: 'update' } as const;
  expect(await restored(pair, spec)).toMatchObject({ updated: 1, unchanged: 1 });
});

test.each<Pair>([
  { what: 'defaults of the server', type: CRON_JOB, stored: JOBS },
  {
    ...{ what: "a controller's annotation", type: CRON_JOB, stored: JOBS },
    metadata: { annotations: { 'batch.kubernetes.io/revision': '7' } },
  },
  {
    ...{ what: 'the labels of another restore', type: CONFIG_MAP, stored: DATA },
    metadata: { labels: { 'velero.io/restore-name': 'other' } },
  },
])('an object that has $what beyond the backup is unchanged, whatever the policy', async (pair) => {
  await over(pair);
  const before = await read(pair.type);
  for (const existingResourcePolicy of ['none', 'update'] as const) {
    // What is unchanged is listed, as nothing else needs the room.
    expect(await planned(existingResourcePolicy)).toMatchObject({ action: 'unchanged' });
    expect(await restored(pair, { existingResourcePolicy })).toMatchObject({ unchanged: 2 });
    expect(await read(pair.type)).toEqual(before);
  }
});

test.each(['cluster-failed', 'cluster-rejected', 'cluster-forbidden'] as const)(
  'an object is left alone at once where the cluster cannot say whether it differs: %s',
  async (code) => {
    await over({ what: 'defaults', type: CRON_JOB, stored: JOBS });
    const silent = wrapped(cluster, {
      patch: () => Promise.reject(new Failure(code, 'patch one: no answer')),
    });
    expect((await steps.preview(silent)).counts).toMatchObject({ skip: 1, blocked: 0 });
    expect((await steps.all(silent)).counts).toMatchObject({ skipped: 1, failed: 0 });
  },
);

test('an object that goes away while it is compared is created', async () => {
  await over({ what: 'defaults', type: CRON_JOB, stored: JOBS });
  const leaving = wrapped(cluster, {
    patch: async (type, item, patch) => {
      await kubectl('-n', namespace, 'delete', 'cronjob', 'one');
      return cluster.patch(type, item, patch);
    },
  });
  expect((await steps.all(leaving)).counts).toMatchObject({ created: 1, skipped: 0 });
});
