import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { HeartbeatProgress } from '../../../domain/run-status.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import type { Applied } from '../../support/applied-yaml.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { startLocalWebhook } from '../../support/local-webhook.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a webhook that was restored last, and whose server still starts, keeps no object from its owners. Method: the
// activities run against the real API server, which asks a webhook of this process about every change.

const CHILDREN = 40;
const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const SECRET = typeOf('Secret', 'secrets');
let steps: RestoreSteps;
let namespace: string;
let guard: Applied | undefined;

beforeEach(async () => {
  namespace = await freshNamespace('owners');
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

/** A restore of ConfigMaps and a Secret that one ConfigMap owns, which has come to its owners. */
async function applyOwned(spec: Partial<RestoreSpec> = {}) {
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: 'old' }];
  const child = (name: string) => ({ metadata: { name, namespace, ownerReferences } });
  steps = await RestoreSteps.of(
    [
      { type: CONFIG_MAP, object: { metadata: { name: 'parent', namespace } } },
      { type: SECRET, object: child('key') },
      ...Array.from({ length: CHILDREN }, (_, index) => ({
        ...{ type: CONFIG_MAP, object: child(`child-${String(index)}`) },
      })),
    ],
    spec,
  );
  return steps.apply(cluster, await steps.plan(cluster));
}

type Shards = Awaited<ReturnType<typeof applyOwned>>;

async function relink(shards: Shards, onBeat: (progress: HeartbeatProgress) => void) {
  const { attempt: relinkAttempt } = await steps.relink(cluster, shards, { onBeat });
  return steps.finish(cluster, shards, { kind: 'applied', relinkAttempt });
}

async function errors(): Promise<readonly string[]> {
  const results = (await readJsonGz(steps.store, restoreKeys('r').results)) as {
    // The file was written by the step before, in Velero's shape.
    errors: { namespaces?: Record<string, string[]> };
  };
  return results.errors.namespaces?.[namespace] ?? [];
}

async function ownersOf(type: typeof CONFIG_MAP, name: string) {
  const live: KubernetesObject | undefined = await cluster.read(type, { ...type, namespace, name });
  return live?.metadata.ownerReferences ?? [];
}

test('a webhook that does not answer yet is waited for, and asked about few objects meanwhile', async () => {
  const shards = await applyOwned();
  let isAway = true;
  let askedWhileAway = 0;
  guard = await startLocalWebhook(namespace, () => {
    askedWhileAway += isAway ? 1 : 0;
    return isAway ? 'away' : undefined;
  });
  const waits = new Set<string>();
  const result = await relink(shards, ({ waitingFor }) => {
    if (waitingFor !== undefined) {
      waits.add(waitingFor.reason);
      isAway = false;
    }
  });
  expect([...waits][0]).toMatch(
    /^40 items are still to be given their owners, the first is configmaps.*child-\d+$/,
  );
  // Without regard to each other all would be asked about in each round.
  expect(askedWhileAway).toBeLessThan(2 * CHILDREN);
  expect(result).toMatchObject({
    phase: 'Completed',
    counts: { created: CHILDREN + 2, failed: 0 },
  });
  expect(await ownersOf(CONFIG_MAP, 'child-7')).toMatchObject([{ name: 'parent' }]);
});

test('what a webhook keeps from its owners until the time is over has failed, and nothing else has', async () => {
  const shards = await applyOwned({ resourceTimeout: '2s' });
  guard = await startLocalWebhook(namespace, () => 'away');
  expect(await relink(shards, () => undefined)).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { created: 2, failed: CHILDREN },
  });
  const told = await errors();
  expect(told).toHaveLength(CHILDREN);
  expect(told[0]).toMatch(
    /its owners could not be set: cluster-failed: .*failed calling webhook.*; it was tried again until the resourceTimeout/,
  );
  expect(await ownersOf(SECRET, 'key')).toMatchObject([{ name: 'parent' }]);
});

test('a webhook that denies the owners of an object is taken at its word', async () => {
  const shards = await applyOwned({ resourceTimeout: '1h' });
  guard = await startLocalWebhook(namespace, ({ object }) =>
    object?.metadata.name === 'child-3' ? { code: 403, message: 'no owners here' } : undefined,
  );
  expect(await relink(shards, () => undefined)).toMatchObject({
    counts: { created: CHILDREN + 1, failed: 1 },
  });
  expect(await errors()).toEqual([
    expect.stringMatching(/child-3: its owners could not be set: .*denied the request: no owners/),
  ]);
});
