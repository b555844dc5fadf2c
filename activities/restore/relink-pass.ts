import { Failure } from '../../domain/failure.ts';
import {
  apiVersionOf,
  type ItemReference,
  type KubernetesObject,
  type OwnerReference,
  type ResourceType,
} from '../../domain/item.ts';
import { hasMark, markOf, RESTORE_MARK } from '../../domain/restore/clean-object.ts';
import { isMarkedByAny } from '../../domain/restore/existing-decision.ts';
import {
  givesOwners,
  type OwnerChange,
  ownersToSet,
} from '../../domain/restore/owner-references.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import type { RestorePlan } from '../../domain/restore/restore-plan.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import type { Cluster, Discovery } from '../kubernetes/port.ts';
import { itemFailure } from './item-failure.ts';
import type { RelinkNote } from './outcome-files.ts';
import { failureReason } from './refusal-reason.ts';
import { typeOf } from './shard-lines.ts';

/** How often an object may change under the hands of this pass. */
const TRIES_MAX = 5;

/** What came of giving one item its owners. */
export interface Relinked {
  readonly isChanged: boolean;
  readonly note?: Omit<RelinkNote, 'item'>;
  /** Another try may do better; the note says what kept this one. */
  readonly isPassing?: true;
  /** See `ItemFailure`. */
  readonly isAway?: true;
}

export interface RelinkRun {
  readonly plan: Pick<RestorePlan, 'spec' | 'triedRuns'>;
  readonly runUid: string;
}

/** Finds owners in the cluster, each once, and sets them. */
export class RelinkPass {
  readonly #cluster: Cluster;
  readonly #types: TypesByKind;
  readonly #run: RelinkRun;
  readonly #uids = new Map<string, Promise<string | undefined>>();

  constructor(cluster: Cluster, run: RelinkRun) {
    this.#cluster = cluster;
    this.#types = new TypesByKind(cluster);
    this.#run = run;
  }

  /** Throws what concerns every item. */
  async relink(item: AppliedItem): Promise<Relinked> {
    try {
      return await this.#relinkPatiently(item);
    } catch (error) {
      return this.#failed(item, error);
    }
  }

  async #failed(item: AppliedItem, error: unknown): Promise<Relinked> {
    const hasChanged = error instanceof Failure && error.code === 'precondition-failed';
    const { failure, isPassing, isAway } = hasChanged
      ? { failure: error, isPassing: false, isAway: false }
      : await itemFailure(error, this.#cluster);
    const reason = `its owners could not be set: ${failureReason({ type: typeOf(item), objects: [] }, failure)}`;
    return {
      ...{ isChanged: false, note: { reason, change: { verb: 'failed' } } },
      ...(isPassing ? { isPassing } : {}),
      ...(isAway ? { isAway } : {}),
    };
  }

  async #relinkPatiently(item: AppliedItem): Promise<Relinked> {
    const type = await this.#types.find(item);
    for (let tries = 1; type !== undefined; tries++) {
      const live = await this.#cluster.read(type, item);
      const isOwn = givesOwners(item.verb, this.#run.plan.spec);
      if (live === undefined || !(isOwn || this.#isTried(type, live))) {
        break;
      }
      try {
        return await this.#relinkLive(item, { type, live, isOwn });
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

  async #relinkLive(item: AppliedItem, { type, live, isOwn }: LiveItem): Promise<Relinked> {
    const change = await this.#changeOf(item, live);
    const deed = { runUid: this.#run.runUid, verb: 'updated' } as const;
    if (change.references === undefined) {
      const wasUpdated = !isOwn && hasMark(type, live, deed);
      return { isChanged: false, ...(wasUpdated ? updatedNote(change) : noteOf(change)) };
    }
    // The mark of what this restore has made itself says more.
    const mark = isOwn ? undefined : markOf(type, live, deed);
    await this.#cluster.patch(type, item, { merge: mergeOf(live, change.references, mark) });
    return { isChanged: true, ...(isOwn ? noteOf(change) : updatedNote(change)) };
  }

  /** Whether a restore that is tried again has written an object, or this one has taken it over from that. */
  #isTried(type: ResourceType, live: KubernetesObject): boolean {
    const { plan, runUid } = this.#run;
    return isMarkedByAny(type, live, [...(plan.triedRuns ?? []), runUid]);
  }

  async #changeOf(item: AppliedItem, live: KubernetesObject): Promise<OwnerChange> {
    const owners = await Promise.all(
      (item.owners ?? []).map(async (stored) => {
        const type = await this.#types.find(partsOf(stored));
        if (type === undefined) {
          return { owner: stored, uid: undefined };
        }
        // A namespace may own something, and have another name here.
        const { name } = targetItem(
          { ...type, namespace: '', name: stored.name },
          this.#run.plan.spec,
        );
        const owner = { ...stored, name };
        return { owner, uid: await this.#uidOf(item, { type, owner }) };
      }),
    );
    return ownersToSet(owners, live.metadata.ownerReferences ?? []);
  }

  #uidOf(item: ItemReference, { type, owner }: FoundType): Promise<string | undefined> {
    const key = `${owner.apiVersion}/${owner.kind}/${item.namespace}/${owner.name}`;
    const uid = this.#uids.get(key) ?? this.#readUid(item, { type, owner });
    this.#uids.set(key, uid);
    return uid;
  }

  async #readUid(item: ItemReference, { type, owner }: FoundType): Promise<string | undefined> {
    // An owner is in the namespace of what it owns, or in none.
    const namespace = type.isNamespaced ? item.namespace : '';
    const live = await this.#cluster.read(type, { ...type, namespace, name: owner.name });
    // What is on its way out would take with it what it owns.
    return live?.metadata.deletionTimestamp === undefined ? live?.metadata.uid : undefined;
  }
}

interface LiveItem {
  readonly type: ResourceType;
  readonly live: KubernetesObject;
  /** Whether this restore has written it, and not one that it tries again. */
  readonly isOwn: boolean;
}

interface FoundType {
  readonly type: ResourceType;
  readonly owner: OwnerReference;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function partsOf({ apiVersion, kind }: OwnerReference): Kind {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind };
}

/** Finds the type of a kind, in the version asked for or in the one that the cluster prefers. */
class TypesByKind {
  readonly #cluster: Cluster;
  #known: Promise<KnownTypes> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Undefined if nothing serves it. Throws `cluster-failed` if what serves it does not answer. */
  async find(asked: Kind): Promise<ResourceType | undefined> {
    this.#known ??= this.#cluster.discover().then(knownTypes);
    const { types, failedGroups } = await this.#known;
    const version = apiVersionOf(asked);
    const type = types.get(`${version}/${asked.kind}`) ?? types.get(`${asked.group}/${asked.kind}`);
    if (type === undefined && failedGroups.includes(version)) {
      throw new Failure('cluster-failed', `the API server that serves ${version} does not answer`);
    }
    return type;
  }
}

interface KnownTypes {
  readonly types: ReadonlyMap<string, ResourceType>;
  readonly failedGroups: readonly string[];
}

function knownTypes({ types, otherVersions, failedGroups }: Discovery): KnownTypes {
  const byKind = new Map([
    ...[...types, ...otherVersions].map(
      (type) => [`${apiVersionOf(type)}/${type.kind}`, type] as const,
    ),
    ...types.map((type) => [`${type.group}/${type.kind}`, type] as const),
  ]);
  return { types: byKind, failedGroups };
}

/** What an earlier restore has written is updated by its owners, as this one has not taken it for its own. */
function updatedNote(change: OwnerChange): Pick<Relinked, 'note'> {
  const { note } = noteOf(change);
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

function mergeOf(
  live: KubernetesObject,
  ownerReferences: readonly OwnerReference[],
  mark: string | undefined,
) {
  const { uid, resourceVersion } = live.metadata;
  const annotations = mark === undefined ? {} : { annotations: { [RESTORE_MARK]: mark } };
  return { metadata: { uid, resourceVersion, ownerReferences, ...annotations } };
}
