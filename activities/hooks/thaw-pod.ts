import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import type { HookPod, StoredFreeze } from '../../domain/hooks/freeze.ts';
import type { PlannedHook } from '../../domain/hooks/hook.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { backupFolder, hookRunsKey } from '../../domain/object-key.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { ThawedPod, ThawPodInput } from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { hookedPodOf } from './hooked-pod.ts';
import { runHooks } from './run-hooks.ts';
import { type Thaw, undoFreeze } from './undo-freeze.ts';

const LOOK_MS = 500;
/** How long another one that thaws the pod is left to it. */
const RESPECT_MS = 60_000;

/** See `HookActivities.thawPod`. */
export function thawPod(deps: Dependencies, input: ThawPodInput): Promise<ThawedPod> {
  return withHeartbeat(async (long) => {
    if (input.isBegun === false) {
      return { isFirst: true };
    }
    const freezes = new Freezes(deps.cluster, deps.namespace);
    const stored = await freezes.read(input.podUid, long.signal);
    if (stored?.freeze.runUid === input.runUid) {
      // The Lease has all that thaws the pod, whether the location answers or not.
      const { mayFreezeYet: isEarly = false, runUid } = input;
      const end = await thawOwn(deps, { stored, by: `run ${runUid}`, isEarly }, long);
      const { isFirst, isFrozenStill, runs } = end;
      const attempt = runs && (await storeRuns(deps, { input, runs, isOfLease: true }, long));
      await forgetThawed(freezes, input.podUid);
      return {
        isFirst,
        ...(isFrozenStill ? { isFrozenStill } : {}),
        ...(attempt === undefined ? {} : { attempt }),
      };
    }
    const hooked = await hookedPodOf(deps, input);
    if (wasNoted(hooked)) {
      // What is frozen now is another backup's, or somebody has thawed and forgotten it.
      return { isFirst: false };
    }
    const runs = await runPost(deps, hooked.pod, { hooks: hooked.post, signal: long.signal });
    return {
      isFirst: true,
      attempt: await storeRuns(deps, { input, runs, isOfLease: false }, long),
    };
  });
}

/** Whether a freeze of the pod was noted before its pre hooks. */
function wasNoted({ pre, post }: HookedPod): boolean {
  return pre.length > 0 && post.some(({ kind }) => kind === 'exec');
}

/** Stores what the post hooks gave, and gives the name of the attempt. */
async function storeRuns(
  deps: Dependencies,
  what: {
    readonly input: ThawPodInput;
    readonly runs: readonly HookRun[];
    readonly isOfLease: boolean;
  },
  { signal }: LongWork,
): Promise<string> {
  const { input, runs, isOfLease } = what;
  const { pod, post } = await hookedPodOf(deps, input);
  // What stands in the Lease are the hooks that can be run.
  const hooks = isOfLease ? post.filter(({ kind }) => kind === 'bad') : [];
  const all = [...runs, ...(await runPost(deps, pod, { hooks, signal }))];
  const attempt = newAttempt();
  const key = hookRunsKey(backupFolder(input.name), { ...input, phase: 'post', attempt });
  await writeJsonGz(deps.store(input.location), key, all);
  return attempt;
}

async function forgetThawed(freezes: Freezes, podUid: string): Promise<void> {
  const stored = await freezes.read(podUid);
  if (stored?.thawing.thawed !== undefined) {
    await freezes.forget(stored);
  }
}

function runPost(
  { cluster }: Pick<Dependencies, 'cluster'>,
  pod: HookPod,
  { hooks, signal }: { readonly hooks: readonly PlannedHook[]; readonly signal: AbortSignal },
): Promise<HookRun[]> {
  return runHooks(cluster, { pod, phase: 'post', hooks, stopsAtFailure: false }, signal);
}

interface ThawEnd {
  readonly isFirst: boolean;
  readonly isFrozenStill: boolean;
  /** Undefined where nobody knows what the hooks gave. */
  readonly runs: readonly HookRun[] | undefined;
}

/** Thaws what the backup itself has frozen, or waits until another one has. */
async function thawOwn(
  { cluster, namespace }: Dependencies,
  own: { readonly stored: StoredFreeze; readonly by: string; readonly isEarly: boolean },
  { signal, wait }: LongWork,
): Promise<ThawEnd> {
  const { stored, by, isEarly } = own;
  const { pod, undo: hooks } = stored.freeze;
  const freezes = new Freezes(cluster, namespace);
  const thawer = { freezes, cluster, by, signal, respectMs: RESPECT_MS, isEarly };
  for (;;) {
    const end: Thaw = await undoFreeze(pod.uid, thawer);
    if (end.kind === 'Thawed') {
      return { isFirst: end.first === by, isFrozenStill: isEarly || !end.isClean, runs: end.runs };
    }
    if (end.kind !== 'Claimed') {
      // An earlier attempt of this call may have done it, and died before it could say so.
      const isFirst = end.kind === 'ThawedBefore' && end.first === by;
      if (end.kind === 'ThawedBefore' && end.by !== by) {
        // A pre hook may have frozen something after that; what it gives once more is not told.
        await runPost({ cluster }, pod, { hooks, signal });
      }
      const runs = end.kind === 'ThawedBefore' ? end.runs : undefined;
      return { isFirst, isFrozenStill: false, runs };
    }
    const deadline = recordTime(Date.parse(end.at) + RESPECT_MS);
    const endWait = wait({ reason: `${end.by} thaws the pod ${pod.name}`, deadline });
    await sleep(LOOK_MS, undefined, { signal }).finally(endWait);
  }
}
