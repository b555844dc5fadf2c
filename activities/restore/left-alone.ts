import type { Fields } from '../../domain/fields.ts';
import { itemOf, type KubernetesObject } from '../../domain/item.ts';
import type { Existing } from '../../domain/restore/existing-decision.ts';
import { applyMergePatch } from '../../domain/restore/json-merge-patch.ts';
import { type FieldChange, objectDiff } from '../../domain/restore/object-diff.ts';
import { comparableObject } from '../../domain/restore/same-object.ts';
import type { RuleContext } from '../../domain/restore/type-rules.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { itemFailure } from './item-failure.ts';

interface LookContext extends RuleContext {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
}

/**
 * How an object that is left alone differs from the backup: by what the server would make of the patch, since it puts
 * back what it fills in by itself. Asked as a dry run; where that is refused, or nobody answers, every field of the
 * patch counts, for an object that is left alone waits for nobody. Writes nothing. Undefined when the object is gone.
 * Throws what concerns every object.
 */
export async function differencesOf(
  { type, live, wanted }: Existing,
  merge: Fields,
  context: LookContext,
): Promise<readonly FieldChange[] | undefined> {
  const { cluster, signal } = context;
  try {
    const options = { merge, signal, isDryRun: true };
    const next = await cluster.patch(type, itemOf(type, wanted), options);
    return next && objectDiff(live, next);
  } catch (error) {
    signal.throwIfAborted();
    await itemFailure(error, cluster);
    return changesBy(comparableObject(type, live, context), merge);
  }
}

/** What a merge patch changes of an object. */
export function changesBy(live: KubernetesObject, patch: Fields): readonly FieldChange[] {
  // A merge patch of an object, with `metadata` or without it, gives an object of the same shape.
  return objectDiff(live, applyMergePatch(live, patch) as KubernetesObject);
}
