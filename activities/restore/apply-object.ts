import { setTimeout as sleep } from 'node:timers/promises';

import {
  groupResource,
  itemOf,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { restoreExecHooksOf } from '../../domain/hooks/restore-hooks.ts';
import { neededClaim } from '../../domain/restore/claim-needs.ts';
import { markedAnew } from '../../domain/restore/clean-object.ts';
import { type Existing, isMarked } from '../../domain/restore/existing-decision.ts';
import { isMade } from '../../domain/restore/restore-outcome.ts';
import { DEFINITION_TYPE } from '../../domain/restore/restore-selection.ts';
import { type WantedContext, wantedObject } from '../../domain/restore/wanted-object.ts';
import type { BeginWait } from '../heartbeat.ts';
import { Refusal } from '../kubernetes/errors.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { RestoreActions } from '../plugins/restore-actions.ts';
import { awaitGone, stuckWords } from './await-gone.ts';
import type { AwaitedItems } from './awaited-items.ts';
import { boundToken } from './bound-token.ts';
import type { Applied, ExistingContext } from './existing-context.ts';
import { settleExisting } from './existing-object.ts';
import { giveBack } from './give-back.ts';
import { isPassingFailure, itemFailure } from './item-failure.ts';
import { failureReason } from './refusal-reason.ts';
import type { MadeJobs } from './made-jobs.ts';
import { copiesOf, endedItem, nameCopies } from './replaced-copies.ts';
import type { ReplacedObjects } from './replaced-objects.ts';
import type { ServedTypes } from './served-types.ts';
import type { Gate } from './volume-rules.ts';

export interface ApplyContext extends WantedContext {
  readonly cluster: Cluster;
  readonly replaced: ReplacedObjects;
  readonly madeJobs: MadeJobs;
  readonly gate: Gate;
  /** Claims whose data could not be written, as `namespace/name`. */
  readonly failedClaims: ReadonlySet<string>;
  /** Whether another attempt may have been at the objects before. */
  readonly isLate: boolean;
  /** How long a gate, and what is waited for of one object, may take. */
  readonly resourceTimeoutMs: number;
  readonly served: ServedTypes;
  /** Whether what an earlier restore has written is gone through again. */
  readonly isRetry: boolean;
  /** Types of which an object failed after all its tries; the next one of them gets a single try. */
  readonly failingTypes: Set<string>;
  readonly signal: AbortSignal;
  readonly wait: BeginWait;
  /** What plugins said of the items. */
  readonly actions: RestoreActions;
  /** The items that others wait for. */
  readonly awaited: AwaitedItems;
}

/** Tries for one object when the cluster fails at it. */
const TRIES_MAX = 5;
const TRY_PAUSE_MS = 400;
/** How often an object may be gone or changed when it is looked at after its creation was refused because it is there. */
const ROUNDS_MAX = 5;
/** Types whose objects hold others, which cannot be created before the old one is gone. */
const HOLDING_TYPES: ReadonlySet<string> = new Set(['namespaces', DEFINITION_TYPE]);

/**
 * Brings one object of the backup into the cluster. An object that carries this run's mark was created by an
 * earlier attempt and counts as created; any other that exists is left alone. Throws only what is worth another
 * attempt of the whole shard, and gives it beside the outcome where it comes between deletion and creation. A request
 * that was sent is not aborted, so that its outcome is known.
 */
export async function applyObject(
  type: ResourceType,
  object: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  context.signal.throwIfAborted();
  const wanted = wantedObject(type, object, context);
  if (wanted.kind !== 'wanted') {
    return { verb: wanted.kind === 'skip' ? 'skipped' : 'failed', reason: wanted.reason };
  }
  const unserved = await context.served.whyNot(type);
  if (unserved !== undefined) {
    return { verb: 'failed', ...unserved };
  }
  const claim = neededClaim(type, wanted.object, context.failedClaims);
  if (claim !== undefined) {
    return { verb: 'failed', reason: withoutData(claim) };
  }
  if (context.isLate && (await hasEnded(type, wanted.object, context))) {
    return { verb: 'created', reason: 'it has ended since, and is not run again' };
  }
  const target = { type, wanted: wanted.object, context };
  try {
    const applied = await createOrExplain(type, wanted.object, context)
      .then((made) => giveBack(type, wanted, { ...context.marks, made, cluster: context.cluster }))
      .catch((error: unknown) => failedItem(target, error));
    return applied.verb === 'failed'
      ? await nameCopies(applied, target)
      : { ...applied, ...hooksNote(applied, target) };
  } catch (error) {
    return endedItem(error, target);
  }
}

/** One object, as it is wanted. */
interface Target {
  readonly type: ResourceType;
  readonly wanted: KubernetesObject;
  readonly context: ApplyContext;
}

/** Hooks are run in pods that the restore has made, and in no other one. */
function hooksNote(
  { verb }: Applied,
  { type, wanted, context }: Target,
): Pick<Applied, 'hasHooks'> {
  const isMadePod = groupResource(type) === 'pods' && isMade(verb);
  return isMadePod && restoreExecHooksOf(wanted, context.spec.hooks).length > 0
    ? { hasHooks: true }
    : {};
}

/** Started without its data, it would take the volume for a new one, and fill it. */
function withoutData(claim: string): string {
  return `volume-not-restored: it would mount the claim ${claim}, whose data could not be restored; failedVolumes of the restore says why; mend that, and restore again`;
}

/** Whether another attempt has created a Job that is over and gone by now. */
async function hasEnded(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<boolean> {
  const isMade = await context.madeJobs.has(type, itemOf(type, wanted), wanted);
  return isMade && (await readLive(type, wanted, context)) === undefined;
}

/** What a failure means for one object. Throws what concerns all of them. */
async function failedItem(
  { type, wanted, context: { cluster } }: Target,
  error: unknown,
): Promise<Applied> {
  const { failure, isPassing, isAway } = await itemFailure(error, cluster);
  return {
    ...{ verb: 'failed', reason: failureReason({ type, objects: [wanted] }, failure) },
    ...(isPassing ? { isPassing } : {}),
    ...(isAway ? { isAway } : {}),
  };
}

async function createOrExplain(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<Applied> {
  let isThere = false;
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    // What was deleted by another try, or by an attempt that did not live to make it anew, is recreated now.
    const isLate = round > 1 || context.isLate;
    const isAnew = isLate && (await copiesOf({ type, wanted, context })).length > 0;
    const { runUid } = context.marks;
    const made = isAnew ? markedAnew(type, wanted, runUid) : wanted;
    const next = await boundToken(context.cluster, type, made);
    if ((await createPatiently(type, context.gate(type, next), context)) === 'created') {
      return { verb: isAnew ? 'recreated' : 'created' };
    }
    const live = await readLive(type, wanted, context);
    const settled = live && (await settle({ type, live, wanted }, context));
    if (settled !== undefined) {
      return settled;
    }
    // Somebody changed or deleted it meanwhile, so it is looked at once more.
    isThere = live !== undefined;
  }
  const why = isThere
    ? 'others change it all the time'
    : 'the cluster says that it is there, and that it is not';
  return { verb: 'failed', reason: `cluster-failed: create ${wanted.metadata.name}: ${why}` };
}

/** Undefined when the object has to be looked at again. */
function settle(existing: Existing, context: ApplyContext): Promise<Applied | undefined> {
  return isAwaitedGone(existing, context.marks.runUid)
    ? settleLeaving(existing, context)
    : settleExisting(existing, existingContext(context));
}

/** Whether a restore waits until an object is gone: what it made itself, and is deleted since, it has restored. */
export function isAwaitedGone({ type, live }: Existing, runUid: string): boolean {
  const isOurs = isMarked(type, live, runUid) && !isHolding(type);
  return live.metadata.deletionTimestamp !== undefined && !isOurs;
}

/**
 * An object that is being deleted is gone soon, and then created. What holds other objects is waited for here; the
 * rest waits where it keeps no other object from being restored.
 */
async function settleLeaving(
  { type, live, wanted }: Existing,
  context: ApplyContext,
): Promise<Applied | undefined> {
  const reason = 'timed-out: stuck terminating: the object that is there is being deleted; ';
  if (!isHolding(type)) {
    return { verb: 'failed', reason: `${reason}${stuckWords(live)}`, isPassing: true };
  }
  const held = await awaitGone(() => readLive(type, wanted, context), {
    ...{ item: itemOf(type, wanted), uid: live.metadata.uid, waitMs: context.resourceTimeoutMs },
    ...{ signal: context.signal, wait: context.wait },
  });
  return held && { verb: 'failed', reason: `${reason}${stuckWords(held)}` };
}

function isHolding(type: ResourceType): boolean {
  return HOLDING_TYPES.has(groupResource(type));
}

function existingContext(context: ApplyContext): ExistingContext {
  return { ...context, runUid: context.marks.runUid, goneWaitMs: context.resourceTimeoutMs };
}

/** Creates an object, with a few tries when the cluster fails at it. */
async function createPatiently(
  type: ResourceType,
  wanted: KubernetesObject,
  context: ApplyContext,
): Promise<'created' | 'exists'> {
  const { cluster, failingTypes, madeJobs, signal } = context;
  const name = groupResource(type);
  for (let tries = 1; ; tries++) {
    try {
      const { kind } = await cluster.create(type, wanted);
      failingTypes.delete(name);
      if (kind === 'created') {
        await madeJobs.note(type, itemOf(type, wanted), wanted);
      }
      return kind;
    } catch (error) {
      if (isPortRefusal(type, error) && (await readLive(type, wanted, context)) !== undefined) {
        return 'exists';
      }
      if (!isPassingFailure(error)) {
        throw error;
      }
      if (tries >= TRIES_MAX || failingTypes.has(name)) {
        failingTypes.add(name);
        throw error;
      }
    }
    await sleep(TRY_PAUSE_MS * tries, undefined, { signal });
  }
}

/** A service whose ports are taken is refused before its name is looked at: by its own ports, when it is there. */
export function isPortRefusal(type: ResourceType, error: unknown): boolean {
  return (
    groupResource(type) === 'services' &&
    error instanceof Refusal &&
    (error.status === 422 || error.status === 500)
  );
}

function readLive(
  type: ResourceType,
  wanted: KubernetesObject,
  { cluster }: ApplyContext,
): Promise<KubernetesObject | undefined> {
  return cluster.read(type, itemOf(type, wanted));
}
