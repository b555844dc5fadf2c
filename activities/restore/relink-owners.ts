import { randomBytes } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import {
  apiVersionOf,
  type ItemReference,
  itemText,
  type KubernetesObject,
  type OwnerReference,
  type ResourceType,
} from '../../domain/item.ts';
import { relinkNotesKey, restoreFolder, shardOutcomesKey } from '../../domain/object-key.ts';
import {
  givesOwners,
  type OwnerChange,
  ownersToSet,
} from '../../domain/restore/owner-references.ts';
import { isMarkedByAny } from '../../domain/restore/existing-decision.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import type { RestorePlan } from '../../domain/restore/restore-plan.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { RelinkedOwners, RelinkOwnersInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { RelinkNote } from './outcome-files.ts';
import { readRestorePlan } from './restore-run.ts';

/** Objects that are looked at and changed at the same time. */
const CHANGES_IN_FLIGHT = 16;
/** How often an object may change under the hands of this pass. */
const TRIES_MAX = 5;
const ATTEMPT_BYTES = 6;
/** Failures of one object, which the others need not suffer from. */
const ITEM_CODES: ReadonlySet<string> = new Set([
  ...['cluster-rejected', 'cluster-forbidden', 'cluster-failed', 'precondition-failed'],
]);

/** See `ClusterActivities.relinkOwners`. */
export function relinkOwners(
  deps: Dependencies,
  input: RelinkOwnersInput,
): Promise<RelinkedOwners> {
  return withHeartbeat(async ({ signal, report }) => {
    const store = deps.store(input.location);
    const folder = restoreFolder(input.name);
    const { runUid } = input;
    const types = new TypesByKind(deps.cluster);
    const plan = await readRestorePlan(store, input);
    const relinkAttempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    let linked = 0;
    let itemsDone = 0;
    for (const { shard, attempt } of input.shards) {
      const notes: RelinkNote[] = [];
      // The object under this key was written by `applyShards` of the same run.
      const outcomes = (await readJsonGz(
        store,
        shardOutcomesKey(folder, { runUid, shard, attempt }),
      )) as AppliedItem[];
      // Owners are looked up anew for each shard: what was found long ago may have been made anew since.
      const pass = new RelinkPass(deps.cluster, types, plan);
      await forEachInPool(owned(outcomes), CHANGES_IN_FLIGHT, async (item) => {
        signal.throwIfAborted();
        const { isChanged, note } = await pass.relink(item);
        linked += isChanged ? 1 : 0;
        if (note !== undefined) {
          notes.push({ item: itemText(item), ...note });
        }
        itemsDone += 1;
        report({ itemsDone, bytesDone: 0 });
      });
      const key = relinkNotesKey(folder, { runUid, shard, attempt: relinkAttempt });
      await writeJsonGz(store, key, notes);
    }
    return { attempt: relinkAttempt, linked };
  });
}

/** Items that may get owners. */
async function* owned(outcomes: readonly AppliedItem[]): AsyncGenerator<AppliedItem> {
  for (const outcome of outcomes) {
    if (outcome.owners !== undefined && outcome.verb !== 'failed') {
      yield await Promise.resolve(outcome);
    }
  }
}

interface Relinked {
  readonly isChanged: boolean;
  readonly note?: Omit<RelinkNote, 'item'>;
}

type RelinkPlan = Pick<RestorePlan, 'spec' | 'triedRuns'>;

/** Finds owners in the cluster, each once, and sets them. */
class RelinkPass {
  readonly #cluster: Cluster;
  readonly #types: TypesByKind;
  readonly #plan: RelinkPlan;
  readonly #uids = new Map<string, Promise<string | undefined>>();

  constructor(cluster: Cluster, types: TypesByKind, plan: RelinkPlan) {
    this.#cluster = cluster;
    this.#types = types;
    this.#plan = plan;
  }

  async relink(item: AppliedItem): Promise<Relinked> {
    try {
      return await this.#relinkPatiently(item);
    } catch (error) {
      if (error instanceof Failure && ITEM_CODES.has(error.code)) {
        const reason = `its owners could not be set: ${error.code}: ${error.message}`;
        return { isChanged: false, note: { reason, change: { verb: 'failed' } } };
      }
      throw error;
    }
  }

  async #relinkPatiently(item: AppliedItem): Promise<Relinked> {
    const type = await this.#types.find(item);
    const { spec, triedRuns } = this.#plan;
    const isOwn = givesOwners(item.verb, spec);
    for (let tries = 1; type !== undefined; tries++) {
      const live = await this.#cluster.read(type, item);
      if (live === undefined || !(isOwn || isMarkedByAny(type, live, triedRuns))) {
        break;
      }
      const change = await this.#changeOf(item, live);
      if (change.references === undefined) {
        return { isChanged: false, ...noteOf(change) };
      }
      try {
        await this.#cluster.patch(type, item, { merge: mergeOf(live, change.references) });
        return { isChanged: true, ...changedNote(change, isOwn) };
      } catch (error) {
        const hasChanged = error instanceof Failure && error.code === 'precondition-failed';
        if (!hasChanged || tries === TRIES_MAX) {
          throw error;
        }
      }
    }
    // Somebody deleted it meanwhile, and nothing is left to own; or it is somebody else's.
    return { isChanged: false };
  }

  async #changeOf(item: AppliedItem, live: KubernetesObject): Promise<OwnerChange> {
    const owners = await Promise.all(
      (item.owners ?? []).map(async (owner) => ({ owner, uid: await this.#uidOf(item, owner) })),
    );
    return ownersToSet(owners, live.metadata.ownerReferences ?? []);
  }

  #uidOf(item: ItemReference, owner: OwnerReference): Promise<string | undefined> {
    const key = `${owner.apiVersion}/${owner.kind}/${item.namespace}/${owner.name}`;
    const uid = this.#uids.get(key) ?? this.#readUid(item, owner);
    this.#uids.set(key, uid);
    return uid;
  }

  async #readUid(item: ItemReference, owner: OwnerReference): Promise<string | undefined> {
    const [version = '', group = ''] = owner.apiVersion.split('/').reverse();
    const type = await this.#types.find({ group, version, kind: owner.kind });
    if (type === undefined) {
      return undefined;
    }
    // An owner is in the namespace of what it owns, or in none.
    const namespace = type.isNamespaced ? item.namespace : '';
    const live = await this.#cluster.read(type, { ...type, namespace, name: owner.name });
    // What is on its way out would take with it what it owns.
    return live?.metadata.deletionTimestamp === undefined ? live?.metadata.uid : undefined;
  }
}

/** Finds the type of a kind, in the version asked for or in the one that the cluster prefers. */
class TypesByKind {
  readonly #cluster: Cluster;
  #types: Promise<ReadonlyMap<string, ResourceType>> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async find(asked: {
    group: string;
    version: string;
    kind: string;
  }): Promise<ResourceType | undefined> {
    this.#types ??= this.#discover();
    const types = await this.#types;
    return (
      types.get(`${apiVersionOf(asked)}/${asked.kind}`) ?? types.get(`${asked.group}/${asked.kind}`)
    );
  }

  async #discover(): Promise<ReadonlyMap<string, ResourceType>> {
    const { types, otherVersions } = await this.#cluster.discover();
    return new Map([
      ...[...types, ...otherVersions].map(
        (type) => [`${apiVersionOf(type)}/${type.kind}`, type] as const,
      ),
      ...types.map((type) => [`${type.group}/${type.kind}`, type] as const),
    ]);
  }
}

/** What an earlier restore has written is updated by its owners, if this one has not even taken it for its own. */
function changedNote(change: OwnerChange, isOwn: boolean): Pick<Relinked, 'note'> {
  const { note } = noteOf(change);
  if (isOwn) {
    return note === undefined ? {} : { note };
  }
  const reasons = ['its owners were set', ...(note === undefined ? [] : [note.reason])];
  return { note: { reason: reasons.join('; '), change: { ...note?.change, verb: 'updated' } } };
}

function noteOf({ missing }: OwnerChange): Pick<Relinked, 'note'> {
  if (missing.length === 0) {
    return {};
  }
  const names = missing.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const reason = `the cluster has no ${names}, which owned it; it is left without that owner`;
  return { note: { reason, change: { lacksOwners: true } } };
}

function mergeOf(live: KubernetesObject, ownerReferences: readonly OwnerReference[]) {
  const { uid, resourceVersion } = live.metadata;
  return { metadata: { uid, resourceVersion, ownerReferences } };
}
