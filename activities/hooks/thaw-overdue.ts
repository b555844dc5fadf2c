import { msUntilUndo, type StoredFreeze } from '../../domain/hooks/freeze.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { OverdueAnswer, ThawOverdueInput } from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { undoOverdue } from './undo-freeze.ts';

/** How long another one that thaws an overdue pod is left to it. */
const RESPECT_MS = 5000;

/** See `HookActivities.thawOverdue`. */
export function thawOverdue(
  { cluster, namespace }: Dependencies,
  { podUid, runUid, isForced = false }: ThawOverdueInput,
): Promise<OverdueAnswer | undefined> {
  return withHeartbeat(async ({ signal }) => {
    const freezes = new Freezes(cluster, namespace);
    const leftMs = leftOf(await freezes.read(podUid, signal), runUid);
    if (leftMs === undefined || (leftMs > 0 && !isForced)) {
      return answerOf(leftMs);
    }
    const by = 'the guard of the freeze';
    await undoOverdue(podUid, { freezes, cluster, by, signal, respectMs: RESPECT_MS });
    const againMs = leftOf(await freezes.read(podUid, signal), runUid);
    // One that is cancelled tries once, and leaves the rest to the sweeper.
    return againMs === undefined || isForced
      ? undefined
      : { leftMs: Math.max(againMs, RESPECT_MS) };
  });
}

/** How long what a run has frozen may stay so; undefined where there is nothing of it. */
function leftOf(stored: StoredFreeze | undefined, runUid: string): number | undefined {
  return stored?.freeze.runUid === runUid ? msUntilUndo(stored, Date.now()) : undefined;
}

function answerOf(leftMs: number | undefined): OverdueAnswer | undefined {
  return leftMs === undefined ? undefined : { leftMs };
}
