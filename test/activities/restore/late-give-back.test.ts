import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: an attempt that is late takes back nothing of what became of an object since another one has made it.
// Method: the activities run against the real API server; no controller of the test bed looks after an Ingress.

const cluster = openCluster();
const INGRESS = typeOf('Ingress', 'ingresses.networking.k8s.io');
const MARK = 'holdfast.dev/restore-uid';
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('late');
  const metadata = { name: 'one', namespace, managedFields: [applierEntry('argocd')] };
  const object = { metadata, spec: { defaultBackend: BACKEND }, status: statusOf('203.0.113.7') };
  steps = await RestoreSteps.of([{ type: INGRESS, object }], { restoreStatus: {} });
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

const BACKEND = { service: { name: 'web', port: { number: 80 } } };

function statusOf(ip: string) {
  return { loadBalancer: { ingress: [{ ip }] } };
}

function applierEntry(manager: string) {
  return {
    ...{ manager, operation: 'Apply', apiVersion: 'networking.k8s.io/v1', fieldsType: 'FieldsV1' },
    fieldsV1: { 'f:spec': { 'f:defaultBackend': { 'f:service': { 'f:name': {} } } } },
  };
}

async function live(): Promise<KubernetesObject> {
  const object = await cluster.read(INGRESS, { ...INGRESS, namespace, name: 'one' });
  if (object === undefined) {
    throw new Error('the ingress is gone');
  }
  return object;
}

async function patchLive(merge: Record<string, unknown>, subresource?: 'status'): Promise<void> {
  const patch = { merge, ...(subresource === undefined ? {} : { subresource }) };
  await cluster.patch(INGRESS, { ...INGRESS, namespace, name: 'one' }, patch);
}

/** What controllers and people make of the object once it is restored. */
async function moveOn(): Promise<void> {
  await patchLive({ status: statusOf('203.0.113.8') }, 'status');
  await patchLive({ metadata: { managedFields: [applierEntry('flux')] } });
}

async function expectMovedOn(): Promise<void> {
  expect(await live()).toMatchObject({
    status: statusOf('203.0.113.8'),
    metadata: { managedFields: [{ manager: 'flux' }] },
  });
}

/** A cluster where something happens once, right after the object was created or right before it is first changed. */
function interrupted(when: 'created' | 'looked at', meet: () => Promise<void>): Cluster {
  let isMet = false;
  const interrupt = async (type: ResourceType, now: typeof when): Promise<void> => {
    if (!isMet && type.resource === INGRESS.resource && now === when) {
      isMet = true;
      await meet();
    }
  };
  return wrapped(cluster, {
    create: async (type, object, options) => {
      const answer = await cluster.create(type, object, options);
      await interrupt(type, 'created');
      return answer;
    },
    patch: async (type, item, patch) => {
      await interrupt(type, 'looked at');
      return cluster.patch(type, item, patch);
    },
  });
}

test('status and managed fields come back, and the mark says that nothing is lacking', async () => {
  await steps.apply(cluster, await steps.plan(cluster));
  expect(await live()).toMatchObject({
    status: statusOf('203.0.113.7'),
    metadata: {
      annotations: { [MARK]: `run:created:ingresses.networking.k8s.io/${namespace}/one` },
      managedFields: [{ manager: 'argocd' }],
    },
  });
});

test('what changed since is kept by the attempt that comes after one that died', async () => {
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan);
  await moveOn();
  const shards = await steps.apply(cluster, plan, { attempt: 2 });
  await expectMovedOn();
  expect((await steps.finish(cluster, shards)).counts).toMatchObject({ created: 1, failed: 0 });
});

test.each(['created', 'looked at'] as const)(
  'an attempt that was held up after it had %s its object keeps what another one has given',
  async (when) => {
    const plan = await steps.plan(cluster);
    const other = async (): Promise<void> => {
      await steps.apply(cluster, plan, { attempt: 2 });
      await moveOn();
    };
    await steps.apply(interrupted(when, other), plan);
    await expectMovedOn();
  },
);

test('an object that somebody changes before it has its status gets that all the same', async () => {
  const labels = { seen: 'yes' };
  const hurried = interrupted('looked at', () => patchLive({ metadata: { labels } }));
  await steps.apply(hurried, await steps.plan(cluster));
  expect(await live()).toMatchObject({
    status: statusOf('203.0.113.7'),
    metadata: { labels, managedFields: [{ manager: 'argocd' }] },
  });
});

test('what an attempt that died did not come to is given by the next one', async () => {
  const plan = await steps.plan(cluster);
  const dying = wrapped(cluster, {
    patch: () => Promise.reject(new Error('the process is gone')),
  });
  await expect(steps.apply(dying, plan)).rejects.toThrow();
  expect((await live())['status']).toEqual({ loadBalancer: {} });
  await steps.apply(cluster, plan, { attempt: 2 });
  expect(await live()).toMatchObject({
    status: statusOf('203.0.113.7'),
    metadata: { managedFields: [{ manager: 'argocd' }] },
  });
});
