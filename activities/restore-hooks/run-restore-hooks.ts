import pLimit, { type LimitFunction } from 'p-limit';

import { recordTime } from '../../domain/duration.ts';
import type { BadHook } from '../../domain/hooks/hook.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { type RestoreExecHook, restoreExecHooksOf } from '../../domain/hooks/restore-hooks.ts';
import { RESTORE_MARK } from '../../domain/restore/clean-object.ts';
import { resourceTimeoutMs, type RestoreSpec } from '../../domain/restore.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { isFatal, runHooks } from '../hooks/run-hooks.ts';
import { readRestoreClaim } from '../restore/restore-run.ts';
import type { HookBatchInput } from '../restore-hook-contract.ts';
import { tellHookRun } from '../run-log/tell-hook-run.ts';
import { type LivePod, readPod } from '../volumes/pods.ts';
import { awaitContainer } from './await-container.ts';
import { HookFiles, type PodNote, type PodPlace } from './hook-files.ts';
import { PodWaits } from './pod-waits.ts';

/** Commands of a batch that run at the same time; all of its pods are waited for at the same time. */
const COMMANDS_IN_FLIGHT = 16;

/** See `RestoreHookActivities.runRestoreHooks`. */
export function runRestoreHooks(deps: Dependencies, input: HookBatchInput): Promise<void> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const { spec } = await readRestoreClaim(store, input);
    const files = new HookFiles(store, input);
    const pods = await files.readPods();
    const notes = long.attempt > 1 ? await files.readNotes(pods.length) : [];
    const work: BatchWork = {
      ...{ deps, input, spec, files, signal: long.signal },
      waits: new PodWaits(long),
      limit: pLimit(COMMANDS_IN_FLIGHT),
    };
    const settled = await Promise.allSettled(
      pods.map((place, number) => runPod({ place, number, earlier: notes[number] }, work)),
    );
    long.signal.throwIfAborted();
    const ends = settled.map((end) => {
      if (end.status === 'rejected') {
        throw end.reason;
      }
      return end.value;
    });
    await files.writeEnds(ends);
  });
}

interface BatchWork {
  readonly deps: Dependencies;
  readonly input: HookBatchInput;
  readonly spec: RestoreSpec;
  readonly files: HookFiles;
  readonly waits: PodWaits;
  readonly limit: LimitFunction;
  readonly signal: LongWork['signal'];
}

interface PodWork {
  readonly place: PodPlace;
  readonly number: number;
  /** What an earlier attempt has noted. */
  readonly earlier: PodNote | undefined;
}

type PlannedRestoreHook = RestoreExecHook | BadHook;

/** Runs what is left of the hooks of a pod, and notes the end of each. */
async function runPod({ place, number, earlier }: PodWork, work: BatchWork): Promise<PodNote> {
  if (earlier?.isDone === true) {
    return earlier;
  }
  const { deps, files, input, spec, signal } = work;
  const { namespace, name } = place;
  const runs = [...(earlier?.runs ?? [])];
  const note = async (more: Partial<PodNote>): Promise<PodNote> => {
    const noted = { namespace, pod: name, runs: [...runs], isDone: false, ...more };
    await files.writeNote(number, noted);
    return noted;
  };
  const pod = await readPod(deps.cluster, place, signal);
  if (pod === undefined || !isOf(input, pod)) {
    const message = 'the pod that was restored is gone';
    const failure = { code: 'pod-gone', message, subject: `${namespace}/${name}` } as const;
    return note({ isDone: true, failure });
  }
  const hooks = restoreExecHooksOf(pod.object, spec.hooks);
  const isDone = (): boolean => runs.length >= hooks.length || runs.some(isFatal);
  let noted: PodNote | undefined;
  while (!isDone()) {
    // There is one, for not all have been run.
    const hook = hooks[runs.length] as PlannedRestoreHook;
    runs.push(await runHook(pod, hook, work));
    noted = await note({ isDone: isDone() });
  }
  return noted ?? note({ isDone: true });
}

function isOf({ runUid }: HookBatchInput, { object }: LivePod): boolean {
  return object.metadata.annotations?.[RESTORE_MARK]?.startsWith(`${runUid}:`) === true;
}

/** Runs a hook when its container is as it has to be. */
async function runHook(
  pod: LivePod,
  hook: PlannedRestoreHook,
  { deps: { cluster }, waits, limit, signal, spec }: BatchWork,
): Promise<HookRun> {
  const { namespace, name } = pod;
  const place = `${namespace}/${name}`;
  const startTimestamp = recordTime(Date.now());
  try {
    if (hook.kind === 'exec') {
      const { container, waitForReady: isReady } = hook;
      const waitMs = hook.waitTimeoutMs ?? resourceTimeoutMs(spec);
      const say = waits.begin(place, waitMs);
      const onWait = (why: string): void => {
        say(`container ${container}: ${why}`);
      };
      const awaited = { pod, container, isReady, waitMs, signal, onWait };
      const message = await awaitContainer(cluster, awaited);
      if (message !== undefined) {
        const run = failedRun(pod, hook, { startTimestamp, message });
        tellHookRun(run);
        return run;
      }
    }
    return await limit(async () => {
      if (hook.kind === 'exec') {
        waits.begin(place, hook.timeoutMs)(`its command runs in ${hook.container}`);
      }
      const of = { pod, phase: 'post', hooks: [hook], stopsAtFailure: false } as const;
      const [run] = await runHooks(cluster, of, signal);
      // One hook has one end.
      return run as HookRun;
    });
  } finally {
    waits.end(place);
  }
}

/** A hook whose command was not started. */
function failedRun(
  { namespace, name }: LivePod,
  { source, container, command, onError }: RestoreExecHook,
  end: Pick<HookRun, 'startTimestamp' | 'message'>,
): HookRun {
  return {
    ...{ namespace, pod: name, phase: 'post', source, container, command, onError },
    ...{ ...end, completionTimestamp: recordTime(Date.now()), outcome: 'Failed' },
  };
}
