import { Failure } from '../../domain/failure.ts';
import { type Fields, fields } from '../../domain/fields.ts';
import { itemOf } from '../../domain/item.ts';
import { markOf } from '../../domain/restore/clean-object.ts';
import {
  decideExisting,
  type Existing,
  policyOf,
  UNCHANGED,
} from '../../domain/restore/existing-decision.ts';
import { withMarks } from '../../domain/restore/merge-patch.ts';
import { objectDiff } from '../../domain/restore/object-diff.ts';
import { whyNotRecreated } from '../../domain/restore/recreation.ts';
import type { Applied, ExistingContext } from './existing-context.ts';
import { differencesOf } from './left-alone.ts';
import { recreateObject } from './recreate-object.ts';
import { failureReason, isInvalid } from './refusal-reason.ts';

/**
 * Decides what becomes of an object that is there already, by the restore's policy, and does it. Undefined when the
 * object was changed or deleted meanwhile, so that it has to be looked at again. Throws what the cluster refuses.
 */
export async function settleExisting(
  existing: Existing,
  context: ExistingContext,
): Promise<Applied | undefined> {
  const decision = decideExisting(existing, context);
  if (decision.kind === 'change') {
    return update(existing, decision.patch, context);
  }
  const { verb, reason, unasked } = decision;
  if (unasked !== undefined) {
    const differences = await differencesOf(existing, unasked, context);
    if (differences === undefined) {
      return undefined;
    }
    if (differences.length === 0) {
      return unchanged();
    }
  }
  return { verb, ...(reason === undefined ? {} : { reason }) };
}

function unchanged(): Applied {
  const { verb, reason } = UNCHANGED;
  return { verb, reason };
}

async function update(
  existing: Existing,
  patch: Fields,
  context: ExistingContext,
): Promise<Applied | undefined> {
  try {
    if (await changesNothing(existing, patch, context)) {
      return unchanged();
    }
    return await write(existing, patch, { context, verb: 'updated' });
  } catch (error) {
    if (hasChanged(error)) {
      return undefined;
    }
    if (!(error instanceof Failure) || !REFUSED_CODES.has(error.code)) {
      throw error;
    }
    const { type, wanted, live } = existing;
    const reason = failureReason({ type, objects: [wanted, live] }, error);
    const policy = policyOf(context.spec);
    if (policy === 'none') {
      return { verb: 'skipped', reason: `it could not be merged: ${reason}` };
    }
    if (policy === 'update' || !isInvalid(error)) {
      return onlyMarks(existing, reason, context);
    }
    const kept = whyNotRecreated(existing);
    if (kept !== undefined) {
      return onlyMarks(existing, `${reason}; ${kept}`, context);
    }
    return recreateObject(existing, context);
  }
}

/**
 * Whether the server would make of a change what is there already: it puts back what it fills in by itself, and what
 * admission adds. Asked as a dry run; a webhook may be none for those, and then only the change itself can tell.
 */
async function changesNothing(
  existing: Existing,
  patch: Fields,
  { cluster, signal }: ExistingContext,
): Promise<boolean> {
  const { type, live, wanted } = existing;
  const options = { merge: patch, signal, isDryRun: true };
  try {
    const next = await cluster.patch(type, itemOf(type, wanted), options);
    return next !== undefined && objectDiff(live, next).length === 0;
  } catch (error) {
    if (error instanceof Failure && REFUSED_CODES.has(error.code) && !isInvalid(error)) {
      return false;
    }
    throw error;
  }
}

/** Refusals of what was asked for, and not failures that may pass. */
const REFUSED_CODES: ReadonlySet<string> = new Set(['cluster-rejected', 'cluster-forbidden']);

/** As Velero does when an update is refused: the labels at least tell of the restore. */
async function onlyMarks(
  existing: Existing,
  reason: string,
  context: ExistingContext,
): Promise<Applied | undefined> {
  const text = 'it differs, and could not be changed';
  try {
    const applied = await write(existing, {}, { context, verb: 'skipped' });
    return applied && { verb: 'skipped', reason: `${text}; its labels were: ${reason}` };
  } catch (error) {
    if (error instanceof Failure && REFUSED_CODES.has(error.code)) {
      return { verb: 'skipped', reason: `${text}, nor could its labels: ${reason}` };
    }
    throw error;
  }
}

/** Writes patch and marks in one request, if the object is still the one that was looked at. */
async function write(
  existing: Existing,
  patch: Fields,
  { context, verb }: { readonly context: ExistingContext; readonly verb: 'updated' | 'skipped' },
): Promise<Applied | undefined> {
  const { cluster, runUid, signal } = context;
  const { type, wanted } = existing;
  const merge = mergeOf(existing, patch, markOf(type, wanted, { runUid, verb }));
  try {
    signal.throwIfAborted();
    const changed = await cluster.patch(type, itemOf(type, wanted), { merge });
    return changed && { verb };
  } catch (error) {
    if (hasChanged(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Also a patch that names no version is refused so when the object is written to again and again meanwhile. */
function hasChanged(error: unknown): boolean {
  return error instanceof Failure && error.code === 'precondition-failed';
}

/** The body of the request that changes an object as a patch says, and marks it, if it is still the same. */
export function mergeOf({ live, wanted }: Existing, patch: Fields, mark: string): Fields {
  const marked = withMarks(patch, wanted, mark);
  const { resourceVersion } = live.metadata;
  return { ...marked, metadata: { ...fields(marked['metadata']), resourceVersion } };
}
