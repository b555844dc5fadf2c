import { Failure } from '../../domain/failure.ts';
import {
  itemOf,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { markedAnew } from '../../domain/restore/clean-object.ts';
import type { Existing } from '../../domain/restore/existing-decision.ts';
import { propagationOf } from '../../domain/restore/recreation.ts';
import { awaitGone, stuckWords } from './await-gone.ts';
import type { Applied, ExistingContext } from './existing-context.ts';

/** How long an attempt that is cancelled still waits for the end of an object that it has deleted. */
const LAST_WAIT_MS = 5000;

/**
 * Saves the live object, deletes it if it is still the one that was saved, waits until it is gone, and creates the
 * wanted one. Undefined when the object was changed or its name was taken meanwhile. An attempt that is cancelled after
 * the deletion creates the new one all the same, unless the old one is still there.
 */
export async function recreateObject(
  existing: Existing,
  context: ExistingContext,
): Promise<Applied | undefined> {
  const { type, wanted } = existing;
  const { cluster, runUid, replaced, signal } = context;
  const item = itemOf(type, wanted);
  const live = await cluster.readListed(type, item, signal);
  if (live === undefined) {
    return undefined;
  }
  await replaced.save(item, live);
  const { uid = '', resourceVersion = '' } = live.object.metadata;
  try {
    const propagation = propagationOf({ ...existing, live: live.object });
    await cluster.remove(type, item, { uid, resourceVersion, propagation });
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return undefined;
    }
    throw error;
  }
  const held = await awaitRemoved(type, { item, uid, context });
  if (held !== undefined) {
    return {
      verb: 'failed',
      reason: `timed-out: it was deleted to be made anew, and is not gone; ${stuckWords(held)}`,
    };
  }
  const { kind } = await cluster.create(type, markedAnew(type, wanted, runUid));
  return kind === 'created' ? { verb: 'recreated' } : undefined;
}

interface Removed {
  readonly item: ItemReference;
  readonly uid: string;
  readonly context: ExistingContext;
}

/** Waits for the end of an object that was deleted, and gives it if it is held. Nobody may come to make it anew later. */
async function awaitRemoved(
  type: ResourceType,
  { item, uid, context }: Removed,
): Promise<KubernetesObject | undefined> {
  const { cluster, goneWaitMs: waitMs, signal, wait } = context;
  const options = { item, uid, waitMs, signal, wait };
  try {
    return await awaitGone(() => cluster.read(type, item, signal), options);
  } catch (error) {
    // The garbage collector takes a moment to let go what the object owns.
    const { signal: lasting } = new AbortController();
    const last = { ...options, waitMs: LAST_WAIT_MS, signal: lasting };
    if ((await awaitGone(() => cluster.read(type, item), last)) !== undefined) {
      throw error;
    }
    return undefined;
  }
}
