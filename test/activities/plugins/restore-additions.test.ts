import { afterEach, beforeEach, expect, test } from 'vitest';

import type { PlanRestoreResult } from '../../../activities/contract.ts';
import type { Dependencies } from '../../../activities/dependencies.ts';
import type { AskedShards, PluginRound } from '../../../activities/plugin-run-contract.ts';
import { linesOf } from '../../../activities/plugins/added-shards.ts';
import { planPluginCalls } from '../../../activities/plugins/plan-plugin-calls.ts';
import { readPluginCall, storePluginAnswer } from '../../../activities/plugins/plugin-calls.ts';
import { readAdditions } from '../../../activities/plugins/restore-additions.ts';
import { itemText, type ItemReference } from '../../../domain/item.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { PluginItem } from '../../../domain/plugins/contract.ts';
import { pluginObject } from '../../../domain/plugins/plugin-resource.ts';
import { PLUGIN_DEFAULTS } from '../../../domain/plugins/plugin.ts';
import { firstAddedShardOf } from '../../../domain/restore/restore-plan.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { inActivity } from '../../support/activity-context.ts';
import { memoryCluster, servedType } from '../../support/memory-cluster.ts';
import { byName } from '../../support/plugin-run.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a restore takes what plugins add once, in its order, as far as it may; and says so of the rest. Method: a backup in
// a folder, and the activities in the order of their workflow.

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const TYPES = [
  servedType('configmaps', 'ConfigMap'),
  servedType('secrets', 'Secret'),
  servedType('persistentvolumeclaims', 'PersistentVolumeClaim'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
  servedType('nodes', 'Node', { isNamespaced: false }),
  servedType('clusterroles.rbac.authorization.k8s.io', 'ClusterRole', { isNamespaced: false }),
  servedType('widgets.example.io', 'Widget'),
  servedType(DEFINITIONS, 'CustomResourceDefinition', { isNamespaced: false }),
];
const HELD = [
  ...['namespaces/shop', 'namespaces/till', 'configmaps/shop/web', 'configmaps/shop/plain'],
  ...['configmaps/till/x', 'secrets/shop/token', 'secrets/shop/key', 'widgets.example.io/shop/w'],
  ...[`${DEFINITIONS}/widgets.example.io`, 'nodes/n', 'persistentvolumeclaims/shop/data'],
  'clusterroles.rbac.authorization.k8s.io/reader',
];
const PLUGIN_RESOURCE = pluginObject(
  {
    ...{ name: 'mover', spec: PLUGIN_DEFAULTS, describedAt: '2026-01-01T00:00:00Z' },
    description: {
      contract: 'v1',
      restoreActions: [{ name: 'add', selector: { includedResources: ['configmaps', 'secrets'] } }],
    },
  },
  'holdfast',
);
const cluster = memoryCluster(TYPES, [{ type: 'plugins.holdfast.dev', object: PLUGIN_RESOURCE }]);
let steps: RestoreSteps;
let plan: PlanRestoreResult;

beforeEach(async () => {
  await open({ includedNamespaces: ['shop'] });
});

afterEach(async () => {
  await steps.remove();
});

/** Plans a restore of what has the label `app: web`: a ConfigMap, and its namespace. */
async function open(spec: Partial<RestoreSpec>): Promise<void> {
  const labelSelector = { matchLabels: { app: 'web' } };
  steps = await RestoreSteps.of(HELD.map(heldItem), { labelSelector, ...spec });
  // The cast: a plan asks for nothing else.
  plan = await steps.plan(cluster as Dependencies['cluster']);
}

function heldItem(text: string): ArchiveItem {
  const { name, namespace, ...type } = reference(text);
  const served = TYPES.find(
    ({ group, resource }) => `${resource} ${group}` === `${type.resource} ${type.group}`,
  );
  const place = namespace === '' ? {} : { namespace };
  const labels = name === 'web' ? { app: 'web' } : {};
  return {
    type: typeOf(served?.kind ?? '', text.split('/')[0] ?? '', namespace !== ''),
    object: { metadata: { name, ...place, labels, uid: `u-${text}` } },
  };
}

/** `secrets/shop/token` as an item. */
function reference(text: string): ItemReference & PluginItem {
  const [type = '', ...path] = text.split('/');
  const [resource = '', ...group] = type.split('.');
  const [namespace = '', name = ''] = path.length === 1 ? ['', path[0]] : path;
  return { group: group.join('.'), resource, namespace, name };
}

/** The wave with ConfigMaps. */
function next(): AskedShards {
  const wave = plan.waves.find(({ hasPlugins }) => hasPlugins);
  return { planAttempt: plan.attempt, shards: [wave?.firstShard ?? 0] };
}

function deps(): Dependencies {
  // The cast: only what the activities use of a worker's clients is there.
  return { cluster, namespace: 'holdfast', store: () => steps.store } as unknown as Dependencies;
}

function planRound(rounds: readonly PluginRound[], shards = next()): Promise<PluginRound> {
  const input = { ...steps.run, kind: 'Restore' as const, rounds, shards };
  return inActivity(() => planPluginCalls(deps(), input));
}

/** What is asked in a round that has one call at most, which is answered; by name what is added. */
async function answer(
  { attempt, calls }: PluginRound,
  added: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> {
  if (calls === 0) {
    return [];
  }
  const at = { ...steps.run, kind: 'Restore' as const, attempt, call: 0 };
  const { call } = await readPluginCall(deps(), at);
  const said = Object.entries(added).map(
    ([name, items]) => [name, { additionalItems: items.map(reference) }] as const,
  );
  const answered = byName(Object.fromEntries(said))(call);
  await storePluginAnswer(deps(), {
    ...{ ...at, answer: answered, answeredAt: '2026-01-01T00:00:05Z' },
  });
  return call.items.map(({ item }) => itemText(item));
}

/** What was added, shard by shard. */
async function stored({ added }: PluginRound): Promise<string[][]> {
  const texts: string[][] = [];
  const { signal } = new AbortController();
  for (const shard of added?.shards ?? []) {
    const part = { planAttempt: added?.planAttempt ?? '', shards: [shard] };
    for await (const lines of linesOf(steps.store, steps.run, { parts: [part], signal })) {
      texts.push(lines.map(itemText).sort());
    }
  }
  return texts;
}

async function warnings(rounds: readonly PluginRound[]): Promise<string[]> {
  const notes = await readAdditions(steps.store, steps.run, rounds);
  return notes.flatMap((one) => one.warnings.map(({ message }) => message)).sort();
}

test('what plugins add comes in the order of waves, with what belongs to it, and in vain with a reason', async () => {
  const first = await planRound([]);
  const asked = await answer(first, {
    web: [
      ...['widgets.example.io/shop/w', 'secrets/shop/token', 'configmaps/shop/web'],
      ...['clusterroles.rbac.authorization.k8s.io/reader', 'configmaps/till/x', 'nodes/n'],
      'secrets/shop/absent',
    ],
  });
  expect(asked).toEqual(['configmaps/shop/web']);
  const second = await planRound([first]);
  expect(second.added?.items).toBe(4);
  expect(await stored(second)).toEqual([
    [`${DEFINITIONS}/widgets.example.io`],
    ['clusterroles.rbac.authorization.k8s.io/reader', 'secrets/shop/token'],
    ['widgets.example.io/shop/w'],
  ]);
  expect(second.added?.shards[0]).toBe(firstAddedShardOf(next().shards[0] ?? 0));
  const by = 'plugin mover, action add, added';
  const untaken = 'the request does not take its namespace or its type';
  expect(await warnings([second])).toEqual([
    `${by} configmaps/till/x, which is not restored: ${untaken}`,
    `${by} nodes/n, which is not restored: no restore touches objects of this type`,
    `${by} secrets/shop/absent, which is not restored: the backup has no such item`,
  ]);
  expect(await answer(second, {})).toEqual(['secrets/shop/token']);
  expect(await planRound([first, second])).toMatchObject({ calls: 0 });
  expect(await planRound([first, second])).not.toHaveProperty('added');
});

test('what is added by what was added is shown once, and the last round has all of it', async () => {
  const rounds: PluginRound[] = [];
  const shown: string[][] = [];
  const adds = {
    web: ['secrets/shop/token'],
    token: ['configmaps/shop/plain', 'secrets/shop/token'],
  };
  for (const [round, said] of [adds, adds, { plain: ['configmaps/shop/web'] }].entries()) {
    rounds.push(await planRound(rounds));
    shown.push(await answer(rounds[round] ?? { attempt: '', calls: 0 }, said));
  }
  expect(shown).toEqual([
    ['configmaps/shop/web'],
    ['secrets/shop/token'],
    ['configmaps/shop/plain'],
  ]);
  expect(await stored(rounds.at(-1) ?? { attempt: '', calls: 0 })).toEqual([
    ['configmaps/shop/plain', 'secrets/shop/token'],
  ]);
  expect((await planRound(rounds)).calls).toBe(0);
});

test('an item that an earlier wave had from plugins is not applied again', async () => {
  const first = await planRound([]);
  await answer(first, { web: ['secrets/shop/token'] });
  const { added } = await planRound([first]);
  expect(added?.items).toBe(1);
  const later = { ...next(), added: added === undefined ? [] : [added] };
  const again = await planRound([], later);
  await answer(again, { web: ['secrets/shop/token'] });
  expect(await planRound([again], later)).not.toHaveProperty('added');
});

test('the answers of the fifth round add something, and it is not shown', async () => {
  const rounds = [await planRound([])];
  await answer(rounds[0] ?? { attempt: '', calls: 0 }, { web: ['secrets/shop/token'] });
  const last = Array.from({ length: 5 }, () => rounds[0] ?? { attempt: '', calls: 0 });
  expect(await planRound(last)).toMatchObject({ calls: 0, added: { items: 1 } });
});

test('a request that forbids cluster-scoped items, or maps a namespace onto theirs, keeps them out', async () => {
  await steps.remove();
  await open({ includeClusterResources: false, namespaceMapping: { shop: 'till' } });
  const first = await planRound([]);
  await answer(first, {
    web: ['clusterroles.rbac.authorization.k8s.io/reader', 'configmaps/till/x', 'secrets/shop/key'],
  });
  const second = await planRound([first]);
  expect(await stored(second)).toEqual([['secrets/shop/key']]);
  expect(await warnings([second])).toEqual([
    expect.stringContaining('reader, which is not restored: the request'),
    expect.stringContaining('till/x, which is not restored: another namespace is restored into'),
  ]);
});

test('a claim is not taken without its data when that is written already', async () => {
  const claim = 'persistentvolumeclaims/shop/data';
  await writeJsonGz(steps.store, backupKeys('b').volumes, [{ namespace: 'shop', claim: 'data' }]);
  const first = await planRound([]);
  const widget = 'widgets.example.io/shop/w';
  const definition = `${DEFINITIONS}/widgets.example.io`;
  await answer(first, { web: [claim, widget] });
  const early = await planRound([first]);
  expect(await stored(early)).toEqual([[definition], [claim], [widget]]);
  // Something of its type may make pods.
  expect(early.added?.claimsFirst).toBe(early.added?.shards.at(-1));
  const late = await planRound([first], { ...next(), isAfterClaims: true });
  expect(late.added).not.toHaveProperty('claimsFirst');
  expect(await stored(late)).toEqual([[definition], [widget]]);
  expect(await warnings([late])).toEqual([
    expect.stringContaining(`${claim}, which is not restored: the data`),
  ]);
});
