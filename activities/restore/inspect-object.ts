import { Failure } from '../../domain/failure.ts';
import { itemOf, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import { markOf } from '../../domain/restore/clean-object.ts';
import { decideExisting, type Existing } from '../../domain/restore/existing-decision.ts';
import { updatePatch } from '../../domain/restore/merge-patch.ts';
import { type FieldChange, objectDiff } from '../../domain/restore/object-diff.ts';
import { whyNotRecreated } from '../../domain/restore/recreation.ts';
import type { PlanAction } from '../../domain/restore/restore-preview.ts';
import { comparableObject } from '../../domain/restore/same-object.ts';
import { type WantedContext, wantedObject } from '../../domain/restore/wanted-object.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { isAwaitedGone, isPortRefusal } from './apply-object.ts';
import type { ClusterNow } from './cluster-now.ts';
import { mergeOf } from './existing-object.ts';
import { itemFailure } from './item-failure.ts';
import { changesBy, differencesOf } from './left-alone.ts';
import { failureReason, isInvalid } from './refusal-reason.ts';

export interface InspectContext extends WantedContext {
  readonly cluster: Cluster;
  readonly now: ClusterNow;
  readonly signal: AbortSignal;
}

/** What a restore would do with one object. */
export interface Inspected {
  readonly action: PlanAction;
  readonly reason?: string;
  /** Present where the cluster could not be asked. */
  readonly isChecked?: false;
  /** What the cluster would make of the live object, or how that differs from what is wanted. */
  readonly changes?: readonly FieldChange[];
  /** What the cluster is asked for, if for anything, whatever it would answer: two looks at one world give the same. */
  readonly asked?: unknown;
}

interface Asked {
  readonly type: ResourceType;
  readonly wanted: KubernetesObject;
}

/** How often an object may change while it is looked at. */
const ROUNDS_MAX = 5;
/** Also where the server would put back what it fills in by itself. */
const UNCHANGED: Inspected = { action: 'unchanged' };

/**
 * Finds out what a restore would do with one object of the backup, by the requests that the restore would send, as dry
 * runs. Writes nothing. Throws what concerns every object.
 */
export async function inspectObject(
  type: ResourceType,
  stored: KubernetesObject,
  context: InspectContext,
): Promise<Inspected> {
  const wanted = wantedObject(type, stored, context);
  if (wanted.kind !== 'wanted') {
    return { action: wanted.kind === 'skip' ? 'skip' : 'blocked', reason: wanted.reason };
  }
  const asked: Asked = { type, wanted: wanted.object };
  const missing = context.now.whatIsMissing(type, asked.wanted);
  if (missing !== undefined) {
    return created(asked, { reason: missing, isChecked: false });
  }
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const inspected = await look(asked, context);
    if (inspected !== undefined) {
      return inspected;
    }
  }
  const reason = 'it changes all the time, so that nobody can say what the restore would meet';
  return { action: 'blocked', reason, isChecked: false };
}

/** Undefined when the object was changed or deleted between two questions. */
async function look(asked: Asked, context: InspectContext): Promise<Inspected | undefined> {
  const { type, wanted } = asked;
  const { cluster, signal } = context;
  try {
    const { kind } = await cluster.create(type, wanted, { signal, isDryRun: true });
    if (kind === 'created') {
      return created(asked);
    }
  } catch (error) {
    if (!isPortRefusal(type, error) || (await readLive(asked, context)) === undefined) {
      return refused(asked, error, context);
    }
  }
  const live = await readLive(asked, context);
  if (live === undefined) {
    return undefined;
  }
  if (isAwaitedGone({ type, live, wanted }, context.marks.runUid)) {
    const reason = 'not checked: it is being deleted, and the restore waits until it is gone';
    return created(asked, { reason, isChecked: false });
  }
  return settle({ type, live, wanted }, context);
}

/** The object would be created; what it would be is part of the plan, without the marks of one restore. */
function created({ wanted }: Asked, why: Partial<Inspected> = {}): Inspected {
  return { action: 'create', ...why, asked: objectDiff({ metadata: { name: '' } }, wanted) };
}

/** What a refused creation comes to. */
async function refused(
  asked: Asked,
  error: unknown,
  { cluster, now }: InspectContext,
): Promise<Inspected> {
  const { failure, isPassing } = await itemFailure(error, cluster);
  const reason = failureReason({ type: asked.type, objects: [asked.wanted] }, failure);
  if (isPassing) {
    return created(asked, { reason, isChecked: false });
  }
  const reference = await now.missingReference(asked.type, asked.wanted);
  return reference === undefined
    ? { action: 'blocked', reason }
    : created(asked, { reason: `${reference}; until then: ${reason}`, isChecked: false });
}

async function settle(existing: Existing, context: InspectContext): Promise<Inspected | undefined> {
  const { type, live, wanted } = existing;
  const decision = decideExisting(existing, { ...context, runUid: context.marks.runUid });
  if (decision.kind === 'change') {
    return update(existing, decision.patch, context);
  }
  if (decision.verb !== 'skipped') {
    return UNCHANGED;
  }
  const { reason = '', unasked } = decision;
  if (unasked === undefined) {
    const comparable = comparableObject(type, live, context);
    const changes = changesBy(comparable, updatePatch(comparable, wanted) ?? {});
    return { action: 'skip', reason, changes };
  }
  const changes = await differencesOf(existing, unasked, context);
  return changes && (changes.length === 0 ? UNCHANGED : { action: 'skip', reason, changes });
}

/** Asks what the cluster would make of a change. */
async function update(
  existing: Existing,
  patch: Readonly<Record<string, unknown>>,
  context: InspectContext,
): Promise<Inspected | undefined> {
  const { type, live, wanted } = existing;
  const { cluster, marks, signal } = context;
  const mark = markOf(type, wanted, { runUid: marks.runUid, verb: 'updated' });
  const merge = mergeOf(existing, patch, mark);
  const asked = changesBy(live, patch);
  try {
    const next = await cluster.patch(type, itemOf(type, wanted), { merge, signal, isDryRun: true });
    const changes = next && objectDiff(live, next);
    return changes && (changes.length === 0 ? UNCHANGED : { action: 'update', changes, asked });
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return undefined;
    }
    const { failure, isPassing } = await itemFailure(error, cluster);
    const reason = failureReason({ type, objects: [wanted, live] }, failure);
    if (isPassing) {
      return { action: 'update', reason, isChecked: false, changes: asked, asked };
    }
    return { ...refusedUpdate(existing, { failure, reason, context }), changes: asked, asked };
  }
}

function refusedUpdate(
  existing: Existing,
  { failure, reason, context }: { failure: Failure; reason: string; context: InspectContext },
): Pick<Inspected, 'action' | 'reason'> {
  if (context.spec.existingResourcePolicy !== 'recreate' || !isInvalid(failure)) {
    return { action: 'blocked', reason };
  }
  const kept = whyNotRecreated(existing);
  return kept === undefined
    ? { action: 'recreate', reason }
    : { action: 'blocked', reason: `${reason}; ${kept}` };
}

function readLive({ type, wanted }: Asked, { cluster, signal }: InspectContext) {
  return cluster.read(type, itemOf(type, wanted), signal);
}
