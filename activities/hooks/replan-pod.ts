import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import { backupHooksOf } from '../../domain/hooks/backup-hooks.ts';
import { backupFolder, replacedPodKey } from '../../domain/object-key.ts';
import { hasEnded } from '../../domain/volumes/volume-facts.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { readBackupClaim } from '../backup/plan-backup.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { HookedPodInput } from '../hook-contract.ts';
import type { LocatedPod } from '../volume-contract.ts';
import { isOnItsWay, isRunning, type LivePod, podsWithClaim, readPod } from '../volumes/pods.ts';
import { readBatch } from '../volumes/volume-batch.ts';
import { hookedPodOf, locatedPod } from './hooked-pod.ts';

/** How long a pod that starts, or goes to make room for one, is waited for. */
const POD_WAIT_MS = 60_000;
const POLL_MS = 1000;

/** See `HookActivities.replanPod`. */
export function replanPod(
  deps: Dependencies,
  input: HookedPodInput,
): Promise<LocatedPod | undefined> {
  return withHeartbeat(async (long) => {
    const gone = await hookedPodOf(deps, input);
    const live = await findAgain(deps, { input, gone }, long);
    if (live === undefined) {
      return undefined;
    }
    const { spec } = await readBackupClaim(deps, input);
    const { namespace, name, uid } = live;
    const again: HookedPod = {
      ...{ pod: { namespace, name, uid }, volumes: gone.volumes },
      ...backupHooksOf(live.object, spec.hooks),
    };
    const key = replacedPodKey(backupFolder(input.name), input);
    await writeJsonGz(deps.store(input.location), key, again);
    return locatedPod(again, input.pod);
  });
}

interface Gone {
  readonly input: HookedPodInput;
  readonly gone: HookedPod;
}

async function findAgain(
  deps: Dependencies,
  { input, gone }: Gone,
  { signal, wait }: LongWork,
): Promise<LivePod | undefined> {
  const claims = await claimsOf(deps, { input, gone });
  const deadline = Date.now() + POD_WAIT_MS;
  for (;;) {
    const pods = await candidates(deps, { gone, claims, signal });
    const running = pods.find(isRunning);
    const coming = pods.find(isOnItsWay);
    if (running !== undefined || coming === undefined || Date.now() > deadline) {
      return running;
    }
    const reason = `the pod ${coming.namespace}/${coming.name} starts`;
    const endWait = wait({ reason, deadline: recordTime(deadline) });
    await sleep(POLL_MS, undefined, { signal }).finally(endWait);
  }
}

async function claimsOf({ store }: Dependencies, { input, gone }: Gone): Promise<string[]> {
  const { volumes } = await readBatch(store(input.location), input);
  return volumes.flatMap(({ index, claim }) =>
    claim !== undefined && gone.volumes.includes(index) ? [claim] : [],
  );
}

/** The pods that may have taken the place of one that is gone, that of its name first. */
async function candidates(
  { cluster }: Dependencies,
  of: {
    readonly gone: HookedPod;
    readonly claims: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<LivePod[]> {
  const { gone, claims, signal } = of;
  const { namespace, uid } = gone.pod;
  const named = await readPod(cluster, gone.pod, signal);
  const pods = named === undefined ? [] : [named];
  for (const claim of claims) {
    pods.push(...(await podsWithClaim(cluster, { namespace, claim }, signal)));
  }
  return pods.filter((pod) => pod.uid !== uid && !hasEnded(pod));
}
