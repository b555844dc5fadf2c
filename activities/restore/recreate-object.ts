import { Failure } from '../../domain/failure.ts';
import { itemOf } from '../../domain/item.ts';
import { markedAnew } from '../../domain/restore/clean-object.ts';
import type { Existing } from '../../domain/restore/existing-decision.ts';
import { propagationOf } from '../../domain/restore/recreation.ts';
import { awaitGone, stuckWords } from './await-gone.ts';
import type { Applied, ExistingContext } from './existing-context.ts';

/**
 * Saves the live object, deletes it if it is still the one that was saved, waits until it is gone, and creates the
 * wanted one. Undefined when the object was changed or its name was taken meanwhile.
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
  const { goneWaitMs: waitMs, wait } = context;
  const held = await awaitGone(() => cluster.read(type, item, signal), {
    ...{ item, uid, waitMs, signal, wait },
  });
  if (held !== undefined) {
    return {
      verb: 'failed',
      reason: `timed-out: it was deleted to be made anew, and is not gone; ${stuckWords(held)}`,
    };
  }
  const { kind } = await cluster.create(type, markedAnew(type, wanted, runUid));
  return kind === 'created' ? { verb: 'recreated' } : undefined;
}
