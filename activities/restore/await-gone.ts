import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import { fields, list } from '../../domain/fields.ts';
import { type ItemReference, itemText, type KubernetesObject } from '../../domain/item.ts';
import type { BeginWait } from '../heartbeat.ts';

const GONE_POLL_MS = 250;

export interface GoneOptions {
  readonly item: ItemReference;
  /** The object that goes; another one of its name is not waited for. */
  readonly uid: string | undefined;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly wait: BeginWait;
}

/** Waits for the end of an object that is being deleted; gives it as it is when that does not come in time. */
export async function awaitGone(
  read: () => Promise<KubernetesObject | undefined>,
  { item, uid, waitMs, signal, wait }: GoneOptions,
): Promise<KubernetesObject | undefined> {
  const deadline = Date.now() + waitMs;
  const reason = `${itemText(item)} is being deleted, and is not gone yet`;
  const endWait = wait({ reason, deadline: recordTime(deadline) });
  try {
    for (;;) {
      const live = await read();
      if (live === undefined || live.metadata.uid !== uid) {
        return undefined;
      }
      if (Date.now() > deadline) {
        return live;
      }
      await sleep(GONE_POLL_MS, undefined, { signal });
    }
  } finally {
    endWait();
  }
}

/** What keeps an object that was deleted, in words. */
export function stuckWords(object: KubernetesObject): string {
  const finalizers = list(object.metadata['finalizers']).map(String);
  const words =
    finalizers.length > 0 ? `its finalizers are ${finalizers.join(', ')}` : 'it has no finalizers';
  return `${words}${unmetWords(object)}`;
}

/** Reason words of the conditions that say what a namespace still holds. */
function unmetWords(object: KubernetesObject): string {
  const words = list(fields(object['status'])['conditions'])
    .map(fields)
    .filter(({ type, status }) => DELETION_CONDITION.test(String(type)) && status === 'True')
    .map(({ reason }) => String(reason));
  return words.length === 0 ? '' : `, and it says ${words.join(', ')}`;
}

/** `NamespaceContentRemaining`, `NamespaceDeletionDiscoveryFailure`, … */
const DELETION_CONDITION = /^Namespace|^Terminating$/;
