import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { OverdueAnswer, ThawOverdueInput } from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { undoFreeze } from './undo-freeze.ts';

/** How long another one that thaws an overdue pod is left to it. */
const RESPECT_MS = 5000;

/** See `HookActivities.thawOverdue`. */
export function thawOverdue(
  { cluster, namespace }: Dependencies,
  { podUid, runUid, isForced = false }: ThawOverdueInput,
): Promise<OverdueAnswer | undefined> {
  return withHeartbeat(async ({ signal }) => {
    const freezes = new Freezes(cluster, namespace);
    const stored = await freezes.read(podUid, signal);
    if (stored?.freeze.runUid !== runUid) {
      return undefined;
    }
    const leftMs = Date.parse(stored.freeze.deadline) - Date.now();
    if (leftMs > 0 && !isForced && stored.thawing.thawed === undefined) {
      return { leftMs };
    }
    const by = 'the guard of the freeze';
    await undoFreeze(podUid, { freezes, cluster, by, signal, respectMs: RESPECT_MS });
    return undefined;
  });
}
