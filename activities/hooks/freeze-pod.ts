import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FailureReport } from '../../domain/failure.ts';
import { type Freeze, freezeTimes, type StoredFreeze } from '../../domain/hooks/freeze.ts';
import type { ExecHook, PlannedHook } from '../../domain/hooks/hook.ts';
import { type HookRun, hookWords } from '../../domain/hooks/hook-run.ts';
import { backupFolder, hookRunsKey } from '../../domain/object-key.ts';
import type { HookedPod } from '../../domain/volumes/volume-plan.ts';
import { backupWorkflowId } from '../../domain/workflow-id.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { FrozenPod, HookedPodInput } from '../hook-contract.ts';
import { Freezes } from './freezes.ts';
import { hookedPodOf } from './hooked-pod.ts';
import { isFatal, runHooks } from './run-hooks.ts';
import { thawPod } from './thaw.ts';

const ATTEMPT_BYTES = 6;
/** Pause between two looks at a pod that another backup has frozen. */
const LOOK_MS = 1000;
/** How long whoever thaws a pod is left to it. */
const RESPECT_MS = 60_000;

/** See `HookActivities.freezePod`. */
export function freezePod(deps: Dependencies, input: HookedPodInput): Promise<FrozenPod> {
  return withHeartbeat(async (long) => {
    const hooked = await hookedPodOf(deps, input);
    const undo = hooked.post.filter(isRunnable);
    if (hooked.pre.length > 0 && undo.length > 0) {
      await noteFreeze(deps, { input, hooked, undo }, long);
    }
    const { pod, pre: hooks } = hooked;
    const of = { pod, phase: 'pre', hooks, stopsAtFailure: true } as const;
    const runs = await runHooks(deps.cluster, of, long.signal);
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const key = { ...input, phase: 'pre', attempt } as const;
    await writeJsonGz(deps.store(input.location), hookRunsKey(backupFolder(input.name), key), runs);
    const fatal = runs.find(isFatal);
    return {
      attempt,
      isFrozen: runs.every(({ outcome }) => outcome === 'Succeeded'),
      ...(fatal === undefined ? {} : { failure: failureOf(fatal) }),
    };
  });
}

function isRunnable(hook: PlannedHook): hook is ExecHook {
  return hook.kind === 'exec';
}

function failureOf(run: HookRun): FailureReport {
  return {
    code: 'hook-failed',
    message: `the ${hookWords(run)} failed: ${run.message ?? ''}`,
    subject: `pod ${run.namespace}/${run.pod}`,
  };
}

interface Noted {
  readonly input: HookedPodInput;
  readonly hooked: HookedPod;
  readonly undo: readonly ExecHook[];
}

/** Notes the freeze of a pod, when nothing that was frozen before is left. */
async function noteFreeze(
  deps: Dependencies,
  { input, hooked, undo }: Noted,
  long: LongWork,
): Promise<void> {
  const freezes = new Freezes(deps.cluster, deps.namespace);
  const { location, name, runUid } = input;
  const by = `the backup ${name}`;
  const thawer = { freezes, cluster: deps.cluster, by, signal: long.signal, respectMs: RESPECT_MS };
  for (;;) {
    const freeze: Freeze = {
      ...{ pod: hooked.pod, run: backupWorkflowId({ location, name }), runUid, undo },
      ...freezeTimes(Date.now(), hooked.thawAfterMs),
    };
    if (await freezes.note(freeze)) {
      return;
    }
    const stored = await freezes.read(hooked.pod.uid, long.signal);
    if (stored === undefined) {
      continue;
    }
    if (stored.thawing.thawed !== undefined) {
      await freezes.forget(stored);
      continue;
    }
    if (stored.freeze.runUid === runUid || Date.parse(stored.freeze.deadline) <= Date.now()) {
      await thawPod(hooked.pod.uid, thawer);
      continue;
    }
    await pauseFor(stored, long);
  }
}

/** Waits a little for a backup that has frozen the pod. */
async function pauseFor({ freeze }: StoredFreeze, { wait, signal }: LongWork): Promise<void> {
  const { pod, run, deadline } = freeze;
  const reason = `the pod ${pod.namespace}/${pod.name} is frozen by ${run}`;
  const endWait = wait({ reason, deadline });
  await sleep(LOOK_MS, undefined, { signal }).finally(endWait);
}
