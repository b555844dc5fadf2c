import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { backupFolder, hookRunsKey } from '../../domain/object-key.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type {
  HookedPodInput,
  ThawedPod,
  ThawOverdueInput,
  ThawPodInput,
} from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { hookedPodOf } from './hooked-pod.ts';
import { runHooks } from './run-hooks.ts';
import { type Thaw, thawPod as thaw } from './thaw.ts';

const ATTEMPT_BYTES = 6;
const LOOK_MS = 500;
/** How long another one that thaws the pod is left to it; at a deadline not for long. */
const RESPECT_MS = 60_000;
const RESPECT_OVERDUE_MS = 5000;

/** See `HookActivities.thawPod`. */
export function thawPod(deps: Dependencies, input: ThawPodInput): Promise<ThawedPod> {
  return withHeartbeat(async (long) => {
    if (input.isBegun === false) {
      return { isFirst: true };
    }
    const hooked = await hookedPodOf(deps, input);
    const freezes = new Freezes(deps.cluster, deps.namespace);
    const stored = await freezes.read(hooked.pod.uid, long.signal);
    const isOwn = stored?.freeze.runUid === input.runUid;
    if (!isOwn && wasNoted(hooked)) {
      // What is frozen now is another backup's, or somebody has thawed and forgotten it.
      return { isFirst: false };
    }
    const end = isOwn
      ? await thawOwn(deps, { hooked, by: `run ${input.runUid}` }, long)
      : { runs: await runPost(deps, hooked, long.signal), isFirst: true, isOfLease: false };
    const attempt =
      end.runs === undefined ? undefined : await storeRuns(deps, { input, hooked, end }, long);
    if (isOwn) {
      await forgetThawed(freezes, hooked.pod.uid);
    }
    return { isFirst: end.isFirst, ...(attempt === undefined ? {} : { attempt }) };
  });
}

/** Whether a freeze of the pod was noted before its pre hooks. */
function wasNoted({ pre, post }: HookedPod): boolean {
  return pre.length > 0 && post.some(({ kind }) => kind === 'exec');
}

/** Stores what the post hooks gave, and gives the name of the attempt. */
async function storeRuns(
  deps: Dependencies,
  what: { readonly input: HookedPodInput; readonly hooked: HookedPod; readonly end: ThawEnd },
  { signal }: LongWork,
): Promise<string> {
  const { input, hooked, end } = what;
  // What stands in the Lease are the hooks that can be run.
  const hooks = end.isOfLease ? hooked.post.filter(({ kind }) => kind === 'bad') : [];
  const of = { pod: hooked.pod, phase: 'post', hooks, stopsAtFailure: false } as const;
  const runs = [...(end.runs ?? []), ...(await runHooks(deps.cluster, of, signal))];
  const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
  const key = hookRunsKey(backupFolder(input.name), { ...input, phase: 'post', attempt });
  await writeJsonGz(deps.store(input.location), key, runs);
  return attempt;
}

async function forgetThawed(freezes: Freezes, podUid: string): Promise<void> {
  const stored = await freezes.read(podUid);
  if (stored?.thawing.thawed !== undefined) {
    await freezes.forget(stored);
  }
}

/** Post hooks of a pod that nothing was noted of. */
function runPost(
  { cluster }: Pick<Dependencies, 'cluster'>,
  { pod, post: hooks }: HookedPod,
  signal: AbortSignal,
): Promise<HookRun[]> {
  return runHooks(cluster, { pod, phase: 'post', hooks, stopsAtFailure: false }, signal);
}

interface ThawEnd {
  readonly isFirst: boolean;
  /** Whether the hooks are those of the Lease. */
  readonly isOfLease: boolean;
  /** Undefined where another one ran the hooks. */
  readonly runs: readonly HookRun[] | undefined;
}

/** Thaws what the backup itself has frozen, or waits until another one has. */
async function thawOwn(
  { cluster, namespace }: Dependencies,
  { hooked, by }: { readonly hooked: HookedPod; readonly by: string },
  { signal, wait }: LongWork,
): Promise<ThawEnd> {
  const freezes = new Freezes(cluster, namespace);
  const thawer = { freezes, cluster, by, signal, respectMs: RESPECT_MS };
  for (;;) {
    const end: Thaw = await thaw(hooked.pod.uid, thawer);
    if (end.kind === 'Thawed') {
      return { isFirst: end.first === by, isOfLease: true, runs: end.runs };
    }
    if (end.kind !== 'Claimed') {
      // An earlier attempt of this call may have done it, and died before it could say so.
      const isFirst = end.kind === 'ThawedBefore' && end.first === by;
      if (end.kind === 'ThawedBefore' && end.by !== by) {
        // A pre hook may have frozen something after that; what it gives once more is not told.
        await runPost({ cluster }, hooked, signal);
      }
      return { isFirst, isOfLease: true, runs: undefined };
    }
    const endWait = wait({ reason: `${end.by} thaws the pod ${hooked.pod.name}` });
    await sleep(LOOK_MS, undefined, { signal }).finally(endWait);
  }
}

/** See `HookActivities.thawOverdue`. */
export function thawOverdue(deps: Dependencies, { podUid }: ThawOverdueInput): Promise<void> {
  return withHeartbeat(async ({ signal }) => {
    const freezes = new Freezes(deps.cluster, deps.namespace);
    const by = 'the guard of the freeze';
    const thawer = { freezes, cluster: deps.cluster, by, signal, respectMs: RESPECT_OVERDUE_MS };
    await thaw(podUid, thawer);
  });
}
