import { setTimeout as sleep } from 'node:timers/promises';

import {
  type CleanContext,
  cleanObject,
  RESTORE_MARK,
  skipReason,
} from '../../domain/clean-object.ts';
import { Failure } from '../../domain/failure.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import type { RestoreVerb } from '../../domain/restore.ts';
import { hasContentOf } from '../../domain/same-object.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ServedTypes } from './served-types.ts';

export interface ApplyContext extends CleanContext {
  readonly cluster: Cluster;
  readonly served: ServedTypes;
  /** Types of which an object failed after all its tries; the next one of them gets a single try. */
  readonly failingTypes: Set<string>;
  readonly signal: AbortSignal;
}

export interface Applied {
  readonly verb: RestoreVerb;
  readonly reason?: string;
}

/** Tries for one object when the cluster fails at it. */
const TRIES_MAX = 5;
const TRY_PAUSE_MS = 400;
/** How often an object may be gone when it is looked at after its creation was refused because it is there. */
const ROUNDS_MAX = 5;
/** How long a namespace that is being deleted is waited for, as in Velero. */
const TERMINATING_WAIT_MS = 600_000;
const TERMINATING_POLL_MS = 1000;

/**
 * Brings one object of the backup into the cluster. An object that carries this run's mark was created by an
 * earlier attempt and counts as created; any other that exists is left alone. Throws only what is worth another
 * attempt of the whole shard. A request that was sent is not aborted, so that its outcome is known.
 */
export async function applyObject(
  type: ResourceType,
  object: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  context.signal.throwIfAborted();
  const skipped = skipReason(type, object);
  if (skipped !== undefined) {
    return { verb: 'skipped', reason: skipped };
  }
  const unserved = await context.served.whyNot(type);
  if (unserved !== undefined) {
    return { verb: 'failed', reason: unserved };
  }
  try {
    return await createOrExplain(type, cleanObject(type, object, context), context);
  } catch (error) {
    if (error instanceof Failure && ITEM_CODES.has(error.code)) {
      return { verb: 'failed', reason: `${error.code}: ${error.message}` };
    }
    throw error;
  }
}

/** Failures of one object, which the others need not wait for. */
const ITEM_CODES: ReadonlySet<string> = new Set([
  ...['cluster-rejected', 'cluster-forbidden', 'cluster-failed', 'not-found'],
]);
/** Failures that may pass within seconds: a webhook that starts, an API server of one group that is away. */
const PASSING_CODES: ReadonlySet<string> = new Set(['cluster-failed', 'cluster-unreachable']);

async function createOrExplain(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    if ((await createPatiently(type, wanted, context)) === 'created') {
      return { verb: 'created' };
    }
    const live = await readLive(type, wanted, context);
    if (live !== undefined && isTerminatingNamespace(type, live)) {
      await waitUntilGone(type, wanted, context);
    } else if (live !== undefined) {
      return explain(live, wanted, context);
    }
    // Somebody deleted it meanwhile, so it can be created now.
  }
  throw new Failure(
    'cluster-failed',
    `create ${wanted.metadata.name}: the cluster says that it is there, and that it is not`,
  );
}

function explain(
  live: KubernetesObject,
  wanted: KubernetesObject,
  { marks }: ApplyContext,
): Applied {
  if (live.metadata.annotations?.[RESTORE_MARK] === `${marks.runUid}:created`) {
    return { verb: 'created' };
  }
  return hasContentOf(live, wanted)
    ? { verb: 'unchanged', reason: 'it is there already' }
    : { verb: 'skipped', reason: 'another object of this name is there, and is left alone' };
}

async function createPatiently(
  type: ResourceType,
  wanted: KubernetesObject,
  { cluster, failingTypes, signal }: ApplyContext,
): Promise<'created' | 'exists'> {
  const name = groupResource(type);
  const triesMax = failingTypes.has(name) ? 1 : TRIES_MAX;
  for (let tries = 1; tries <= triesMax; tries++) {
    try {
      return await cluster.create(type, wanted);
    } catch (error) {
      if (!(error instanceof Failure) || !PASSING_CODES.has(error.code)) {
        throw error;
      }
    }
    if (tries < triesMax) {
      await sleep(TRY_PAUSE_MS * tries, undefined, { signal });
    }
  }
  failingTypes.add(name);
  const outcome = await createOnceMore(type, wanted, cluster);
  failingTypes.delete(name);
  return outcome;
}

/**
 * The last try, after the cluster has said who it is: if it does not, it is away, and all items must wait for it. If
 * it does and fails at this object again, then what serves the object is away, and only this object fails.
 */
async function createOnceMore(
  type: ResourceType,
  wanted: KubernetesObject,
  cluster: Cluster,
): Promise<'created' | 'exists'> {
  await cluster.identity();
  try {
    return await cluster.create(type, wanted);
  } catch (error) {
    if (error instanceof Failure && error.code === 'cluster-unreachable') {
      throw new Failure('cluster-failed', error.message, { cause: error });
    }
    throw error;
  }
}

function readLive(
  type: ResourceType,
  { metadata }: KubernetesObject,
  { cluster }: ApplyContext,
): Promise<KubernetesObject | undefined> {
  const { name, namespace = '' } = metadata;
  return cluster.read(type, { ...type, namespace, name });
}

function isTerminatingNamespace(type: ResourceType, live: KubernetesObject): boolean {
  return groupResource(type) === 'namespaces' && live.metadata.deletionTimestamp !== undefined;
}

async function waitUntilGone(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<void> {
  const deadline = Date.now() + TERMINATING_WAIT_MS;
  while ((await readLive(type, wanted, context)) !== undefined) {
    if (Date.now() > deadline) {
      throw new Failure(
        'cluster-rejected',
        `namespace ${wanted.metadata.name} has been terminating for too long; see what holds it`,
      );
    }
    await sleep(TERMINATING_POLL_MS, undefined, { signal: context.signal });
  }
}
