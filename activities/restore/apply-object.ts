import { setTimeout as sleep } from 'node:timers/promises';

import {
  cleanObject,
  RESTORE_MARK,
  type RestoreMarks,
  skipReason,
} from '../../domain/clean-object.ts';
import { Failure } from '../../domain/failure.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import type { RestoreSpec, RestoreVerb } from '../../domain/restore.ts';
import { hasContentOf } from '../../domain/same-object.ts';
import type { Cluster } from '../kubernetes/port.ts';

export interface ApplyContext {
  readonly cluster: Cluster;
  readonly spec: RestoreSpec;
  readonly marks: RestoreMarks;
  readonly signal: AbortSignal;
}

export interface Applied {
  readonly verb: RestoreVerb;
  readonly reason?: string;
}

/** Tries for one object when the cluster fails at it or does not serve its type yet. */
const TRIES_MAX = 5;
const TRY_PAUSE_MS = 400;
/** How long a namespace that is being deleted is waited for, as in Velero. */
const TERMINATING_WAIT_MS = 600_000;
const TERMINATING_POLL_MS = 1000;

/**
 * Brings one object of the backup into the cluster. An object that carries this run's mark was created by an
 * earlier attempt and counts as created; any other that exists is left alone. Throws only what is worth another
 * attempt of the whole shard.
 */
export async function applyObject(
  type: ResourceType,
  object: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  const skipped = skipReason(type, object);
  if (skipped !== undefined) {
    return { verb: 'skipped', reason: skipped };
  }
  const wanted = cleanObject(type, object, context);
  try {
    return await createOrExplain(type, wanted, context);
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
/** Failures that may pass within seconds: a webhook that starts, a type that is not served yet. */
const PASSING_CODES: ReadonlySet<string> = new Set(['cluster-failed', 'not-found']);

async function createOrExplain(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  const outcome = await createPatiently(type, wanted, context);
  if (outcome === 'created') {
    return { verb: 'created' };
  }
  const live = await readLive(type, wanted, context);
  if (live === undefined) {
    // Somebody deleted it between the two requests; the next attempt of the same object will create it.
    return createOrExplain(type, wanted, context);
  }
  if (live.metadata.annotations?.[RESTORE_MARK] === `${context.marks.runUid}:created`) {
    return { verb: 'created' };
  }
  if (isTerminatingNamespace(type, live)) {
    await waitUntilGone(type, wanted, context);
    return createOrExplain(type, wanted, context);
  }
  return hasContentOf(live, wanted)
    ? { verb: 'unchanged', reason: 'it is there already' }
    : { verb: 'skipped', reason: 'another object of this name is there, and is left alone' };
}

async function createPatiently(
  type: ResourceType,
  wanted: KubernetesObject,
  { cluster, signal }: ApplyContext,
): Promise<'created' | 'exists'> {
  for (let tries = 1; ; tries++) {
    try {
      return await cluster.create(type, wanted, signal);
    } catch (error) {
      const passes = error instanceof Failure && PASSING_CODES.has(error.code);
      if (!passes || tries === TRIES_MAX) {
        throw error;
      }
      await sleep(TRY_PAUSE_MS * tries, undefined, { signal });
    }
  }
}

function readLive(
  type: ResourceType,
  { metadata }: KubernetesObject,
  { cluster, signal }: ApplyContext,
): Promise<KubernetesObject | undefined> {
  const { name, namespace = '' } = metadata;
  return cluster.read(type, { ...type, namespace, name }, signal);
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
