import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { WorkerDependencies } from '../../activities/dependencies.ts';
import type { PluginRound } from '../../activities/plugin-run-contract.ts';
import { planPluginCalls } from '../../activities/plugins/plan-plugin-calls.ts';
import { readPluginCall, storePluginAnswer } from '../../activities/plugins/plugin-calls.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import { groupResource, type ListedObject } from '../../domain/item.ts';
import { backupFolder, planKey } from '../../domain/object-key.ts';
import type { ItemsCall, PluginAction } from '../../domain/plugins/contract.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { PLUGIN } from '../../domain/plugins/plugin-resource.ts';
import { PLUGIN_DEFAULTS, type RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { inActivity } from './activity-context.ts';
import { memoryCluster, servedType } from './memory-cluster.ts';
import { storeBackup } from './stored-backup.ts';

export const CONFIG_MAPS = servedType('configmaps', 'ConfigMap');
export const SECRETS = servedType('secrets', 'Secret');
const CLAIMS = servedType('persistentvolumeclaims', 'PersistentVolumeClaim');
export const RUN: KindReference = {
  ...{ location: 'default', name: 'b', runUid: 'uid-b' },
  kind: 'Backup',
};

/** An object of the namespace `shop`, as a listing gives it: without its version and kind. */
export function listed(name: string, labels?: Record<string, string>): ListedObject {
  const metadata = { namespace: 'shop', name, uid: `u-${name}`, ...(labels && { labels }) };
  const object = { metadata, data: { a: '1' } };
  return { object, json: JSON.stringify(object) };
}

/** Objects of the cluster of a backup. */
export interface Held {
  readonly configMaps?: readonly ListedObject[];
  readonly secrets?: readonly ListedObject[];
  readonly claims?: readonly ListedObject[];
  /** With pods, the backup takes the claims that they name. */
  readonly pods?: readonly ListedObject[];
}

/** A registered plugin with some actions. */
export function plugin(name: string, backupActions: readonly PluginAction[]): RegisteredPlugin {
  const description = { contract: 'v1' as const, backupActions: [...backupActions] };
  return { name, spec: PLUGIN_DEFAULTS, description, describedAt: '2026-01-01T00:00:00Z' };
}

/** A backup of the ConfigMaps of `shop` that is under way: a cluster in memory, and a store that has its claim and plan. */
export class PluginRunFixture {
  readonly store: ObjectStore;
  readonly deps: WorkerDependencies;
  readonly plan: ExportPlan;
  readonly #folder: string;

  private constructor(folder: string, held: Held, plugins: readonly RegisteredPlugin[]) {
    const { configMaps = [], secrets = [], claims = [], pods } = held;
    this.#folder = folder;
    const location: StorageLocation = { name: 'default', provider: 'folder', path: folder };
    this.store = openObjectStore(location);
    const objects = [
      ...configMaps.map(({ object }) => ({ type: 'configmaps', object })),
      ...secrets.map(({ object }) => ({ type: 'secrets', object })),
      ...claims.map(({ object }) => ({ type: 'persistentvolumeclaims', object })),
      ...(pods ?? []).map(({ object }) => ({ type: 'pods', object })),
    ];
    const registered = plugins.map(({ name, spec, ...status }) => ({
      type: groupResource(PLUGIN),
      object: { metadata: { name, namespace: 'hf' }, spec, status },
    }));
    const types = [CONFIG_MAPS, SECRETS, CLAIMS, servedType('pods', 'Pod')];
    const cluster = memoryCluster(types, [...objects, ...registered]);
    this.deps = {
      ...{ cluster, namespace: 'hf', installation: () => Promise.resolve('test') },
      ...{ location: () => location, store: () => this.store },
      // The cast: only what the activities use of a worker's clients is there.
    } as unknown as WorkerDependencies;
    const units = [{ type: CONFIG_MAPS, namespace: 'shop', items: configMaps.length }];
    this.plan = {
      ...{ shards: [{ units, items: configMaps.length }], items: configMaps.length },
      selection: {
        ...{ namespaces: ['shop'], selectors: [], collected: ['configmaps'] },
        related: pods === undefined ? [] : [{ name: 'persistentvolumeclaims', type: CLAIMS }],
        ...{ matchingNamespaces: [], ordered: {} },
      },
      coverage: {
        ...{ groups: [], namespaces: [], ambiguousNames: [], types: [] },
        problems: { errors: [], warnings: [] },
      },
      ...{ volumePolicies: [], hasVolumes: false, plugins },
    };
  }

  static async open(held: Held, plugins: readonly RegisteredPlugin[]): Promise<PluginRunFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-plugins-'));
    const fixture = new PluginRunFixture(folder, held, plugins);
    await storeBackup(fixture.store, RUN.name, []);
    const key = planKey(backupFolder(RUN.name), RUN.runUid);
    await writeJsonGz(fixture.store, key, fixture.plan);
    return fixture;
  }

  async close(): Promise<void> {
    this.store.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Plans the round after some others. */
  planRound(rounds: readonly PluginRound[] = []): Promise<PluginRound> {
    return inActivity(() => planPluginCalls(this.deps, { ...RUN, rounds }));
  }

  /** The calls of a round. */
  async calls({ attempt, calls }: PluginRound): Promise<ItemsCall[]> {
    const found: ItemsCall[] = [];
    for (let call = 0; call < calls; call++) {
      found.push((await readPluginCall(this.deps, { ...RUN, attempt, call })).call);
    }
    return found;
  }

  /** Stores the answer to each call of a round. */
  async answer(round: PluginRound, say: (call: ItemsCall) => unknown) {
    const stored = [];
    for (const [call, asked] of (await this.calls(round)).entries()) {
      const at = { ...RUN, attempt: round.attempt, call };
      const answeredAt = '2026-01-01T00:00:05Z';
      stored.push(await storePluginAnswer(this.deps, { ...at, answer: say(asked), answeredAt }));
    }
    return stored;
  }
}

/** An answer that says of each item what its name stands for. */
export function byName(said: Readonly<Record<string, object>>): (call: ItemsCall) => unknown {
  return ({ items }) => ({
    items: items.flatMap(({ requestId, item: { name } }) => {
      const answer = said[name];
      return answer === undefined ? [] : [{ requestId, ...answer }];
    }),
  });
}
