import { afterEach, expect, test } from 'vitest';

import { RESTORES } from '../../../api/runs/kinds.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { readRestorePlan } from '../../../activities/restore/restore-run.ts';
import { itemText, type OwnerReference } from '../../../domain/item.ts';
import { restoreFolder, restoreKeys, shardItemsKey } from '../../../domain/object-key.ts';
import { LEFT_OUT_REASONS } from '../../../domain/restore/restore-plan.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { readIndex } from '../../../storage/format/index-file.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import type { VeleroResults } from '../../../storage/format/record.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { discoveringCluster } from '../../support/discovering-cluster.ts';
import { servedType } from '../../support/memory-cluster.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a restore writes an owner before what it owns, whatever the names and the types of the two.

const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
  servedType('clusters.cluster.x-k8s.io', 'Cluster'),
  servedType('clusterclasses.cluster.x-k8s.io', 'ClusterClass'),
  servedType('machinesets.cluster.x-k8s.io', 'MachineSet'),
  servedType('machines.cluster.x-k8s.io', 'Machine'),
  servedType('clusterresourcesets.addons.cluster.x-k8s.io', 'ClusterResourceSet'),
  servedType('clusterresourcesetbindings.addons.cluster.x-k8s.io', 'ClusterResourceSetBinding'),
];

let steps: RestoreSteps;

afterEach(async () => {
  await steps.remove();
});

/** An object of a type, named by its kind, with the uid `uid-<name>` and owners by their names. */
function held(kind: string, name: string, ...owners: readonly string[]): ArchiveItem {
  const served = TYPES.find((type) => type.kind === kind);
  if (served === undefined) {
    throw new Error(`the test has no type ${kind}`);
  }
  const ownerReferences = owners.map((owner): OwnerReference => ({
    ...{ apiVersion: 'x/v1', kind: 'X', name: owner, uid: `uid-${owner}` },
  }));
  const metadata = { name, namespace: 'fleet', uid: `uid-${name}`, ownerReferences };
  return { type: typeOf(kind, `${served.resource}.${served.group}`), object: { metadata } };
}

async function plan(items: readonly ArchiveItem[], spec: Partial<RestoreSpec> = {}) {
  const namespace = {
    type: typeOf('Namespace', 'namespaces', false),
    object: { metadata: { name: 'fleet' } },
  };
  steps = await RestoreSteps.of([namespace, ...items], spec);
  const { waves, attempt } = await steps.plan(discoveringCluster({ types: TYPES }));
  const order: { wave: string; items: string[] }[] = [];
  for (const { name, firstShard, shards } of waves) {
    const names: string[] = [];
    for (let shard = firstShard; shard < firstShard + shards; shard++) {
      const key = shardItemsKey(restoreFolder('r'), { runUid: steps.run.runUid, shard, attempt });
      for await (const lines of readIndex(steps.store, key)) {
        names.push(...lines.map((line) => `${line.resource}/${line.name}`));
      }
    }
    order.push({ wave: name, items: names });
  }
  return { order, cycles: (await readRestorePlan(steps.store, steps.run)).cycles };
}

const FLEET = [
  held('ClusterClass', 'class'),
  held('Cluster', 'a-cluster'),
  held('ClusterResourceSet', 'set'),
  held('ClusterResourceSetBinding', 'a-binding', 'a-cluster', 'set'),
  held('MachineSet', 'b-set', 'a-cluster'),
  held('Machine', 'a-machine', 'b-set'),
  held('Machine', 'lone', 'gone'),
];

test('Cluster API comes back owners first, in the order of names and in the reverse', async () => {
  const expected = [
    { wave: 'namespaces', items: ['namespaces/fleet'] },
    { wave: 'workloads', items: ['clusterclasses/class'] },
    { wave: 'custom', items: ['machines/lone'] },
    { wave: 'late', items: ['clusterresourcesets/set', 'clusters/a-cluster'] },
    { wave: 'late 2', items: ['clusterresourcesetbindings/a-binding', 'machinesets/b-set'] },
    { wave: 'late 3', items: ['machines/a-machine'] },
  ];
  const sorted = ({ order }: Awaited<ReturnType<typeof plan>>) =>
    order.map(({ wave, items }) => ({ wave, items: [...items].sort() }));
  const forwards = await plan(FLEET);
  expect(sorted(forwards)).toEqual(expected);
  await steps.remove();
  expect(sorted(await plan([...FLEET].reverse()))).toEqual(expected);
  expect(forwards.cycles).toEqual({ count: 0, items: [] });
});

test('priorities of a request move types, and owners still come first', async () => {
  const { order } = await plan(FLEET, { restoreResourcePriorities: 'machines,-,machinesets' });
  const waveOf = (item: string) => order.findIndex(({ items }) => items.includes(item));
  expect(order[waveOf('machines/lone')]?.wave).toBe('machines');
  expect(order.at(-1)).toEqual({ wave: 'machinesets 2', items: ['machines/a-machine'] });
  expect(waveOf('machinesets/b-set')).toBe(order.length - 2);
  expect(waveOf('machines/lone')).toBeLessThan(waveOf('clusterclasses/class'));
});

test('custom resources that own each other are restored, and the plan names them', async () => {
  const { order, cycles } = await plan([
    held('Machine', 'a', 'b'),
    held('Machine', 'b', 'a'),
    held('MachineSet', 'below', 'a'),
  ]);
  expect(order.slice(1)).toEqual([
    { wave: 'custom', items: ['machines/a', 'machines/b'] },
    { wave: 'custom 2', items: ['machinesets/below'] },
  ]);
  const names = ['a', 'b'].map((name) =>
    itemText({ group: 'cluster.x-k8s.io', resource: 'machines', namespace: 'fleet', name }),
  );
  expect({ ...cycles, items: [...cycles.items].sort() }).toEqual({ count: 2, items: names });
});

test('plan and result of a restore tell what cannot be in order, and the report warns of it', async () => {
  const chain = Array.from({ length: 102 }, (_, index) =>
    held('Machine', `m-${String(index)}`, `m-${String(index - 1)}`),
  );
  await plan([held('Machine', 'a', 'b'), held('Machine', 'b', 'a'), ...chain]);
  const cluster = discoveringCluster({ types: TYPES });
  // The namespace of the items, which is asked about as a dry run.
  const create: Cluster['create'] = (_, object) => Promise.resolve({ kind: 'created', object });
  expect(await steps.preview({ ...cluster, create })).toMatchObject({
    cycles: { count: 2 },
    tooDeep: 2,
  });
  const result = await steps.finish(cluster, []);
  expect(result.warnings).toBe(2);
  const restore = await RESTORES.read(steps.store, { location: 'default', name: 'r' });
  expect(restore?.status).toMatchObject({
    leftOut: [{ reason: LEFT_OUT_REASONS.notReached, items: 105 }],
    cycles: { count: 2 },
    tooDeep: 2,
  });
  // In a list it would be too much.
  const { items } = await RESTORES.list(steps.store, 'default', { limit: 1 });
  expect(items[0]?.status).not.toHaveProperty('leftOut');
  // The activity has written it in this form.
  const { warnings } = (await readJsonGz(steps.store, restoreKeys('r').results)) as VeleroResults;
  expect(warnings.velero).toEqual([
    expect.stringMatching(/circle.*machines\.cluster\.x-k8s\.io\/fleet\/[ab], machines/),
    expect.stringMatching(/^2 custom resources have 100 levels/),
  ]);
});
