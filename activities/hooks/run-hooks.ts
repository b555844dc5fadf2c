import { recordTime } from '../../domain/duration.ts';
import { Failure, type FailureCode, isRetried } from '../../domain/failure.ts';
import type { HookPod } from '../../domain/hooks/freeze.ts';
import type { ExecHook, PlannedHook } from '../../domain/hooks/hook.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { tellHookRun } from '../run-log/tell-hook-run.ts';
import { readPod } from '../volumes/pods.ts';

export type HookCluster = Pick<Cluster, 'exec' | 'read'>;

/** Which hooks of a pod are run. */
export interface HooksOfPod {
  readonly pod: HookPod;
  readonly phase: HookRun['phase'];
  readonly hooks: readonly PlannedHook[];
  /** Whether a hook that fails and says `Fail` keeps the next ones from being run. */
  readonly stopsAtFailure: boolean;
}

/**
 * Runs hooks of one pod, one after the other, and says how each ended, also to the log of the run. What a hook does wrong is an end of it. Throws
 * what is worth another attempt, when nobody knows whether the hook has run: `cluster-unreachable`, `throttled`.
 */
export async function runHooks(
  cluster: HookCluster,
  of: HooksOfPod,
  signal: AbortSignal,
): Promise<HookRun[]> {
  const runs: HookRun[] = [];
  for (const hook of of.hooks) {
    const run = await runHook(cluster, of, { hook, signal });
    runs.push(run);
    tellHookRun(run);
    if (of.stopsAtFailure && isFatal(run)) {
      break;
    }
  }
  return runs;
}

/** Whether a hook failed that must not fail. */
export function isFatal({ outcome, onError }: HookRun): boolean {
  return outcome === 'Failed' && onError === 'Fail';
}

async function runHook(
  cluster: HookCluster,
  { pod, phase }: HooksOfPod,
  { hook, signal }: { readonly hook: PlannedHook; readonly signal: AbortSignal },
): Promise<HookRun> {
  const { source, onError } = hook;
  const begun = {
    ...{ namespace: pod.namespace, pod: pod.name, phase, source, onError },
    startTimestamp: recordTime(Date.now()),
  };
  const ended = (end: Pick<HookRun, 'outcome' | 'message'> & Partial<HookRun>): HookRun => ({
    ...begun,
    ...(hook.kind === 'exec' ? { container: hook.container, command: hook.command } : {}),
    completionTimestamp: recordTime(Date.now()),
    ...end,
  });
  if (hook.kind === 'bad') {
    const { fault, places = [] } = hook;
    return ended({ ...failed('hook-failed', fault), isNotBegun: true, places });
  }
  let isAsked = false;
  try {
    await requirePod(cluster, pod, signal);
    isAsked = true;
    return ended(await execute(cluster, { pod, hook, signal }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || isRetried(error.code)) {
      throw error;
    }
    const isNotBegun = !isAsked || REFUSED.has(error.code);
    const end = failed(error.code, error.message);
    return ended(isNotBegun ? { ...end, isNotBegun } : end);
  }
}

function failed(code: FailureCode, message: string) {
  return { outcome: 'Failed', code, message } as const;
}

/** After these a command was surely not started. */
const REFUSED: ReadonlySet<FailureCode> = new Set([
  ...(['not-found', 'cluster-forbidden', 'command-not-started'] as const),
]);

async function execute(
  cluster: HookCluster,
  call: { readonly pod: HookPod; readonly hook: ExecHook; readonly signal: AbortSignal },
): Promise<Pick<HookRun, 'outcome' | 'message'> & Partial<HookRun>> {
  const { pod, hook, signal } = call;
  const { container, command, timeoutMs } = hook;
  const { namespace, name } = pod;
  const target = { namespace, pod: name, container, command };
  const end = await cluster.exec(target, { signal, timeoutMs });
  const output = {
    ...(end.stdout === '' ? {} : { stdout: end.stdout }),
    ...(end.stderr === '' ? {} : { stderr: end.stderr }),
    ...(end.dropped === 0 ? {} : { dropped: end.dropped }),
  };
  if (end.kind === 'timed-out') {
    const message = `it took longer than its timeout of ${String(timeoutMs / 1000)} s, and may go on in the container`;
    return { ...failed('hook-failed', message), mayGoOn: true, ...output };
  }
  const { exitCode } = end;
  return exitCode === 0
    ? { outcome: 'Succeeded', exitCode, ...output }
    : {
        ...failed('hook-failed', `it ended with exit code ${String(exitCode)}`),
        exitCode,
        ...output,
      };
}

/** Throws `pod-gone` when the pod is not there, or another one of its name, and `pod-not-running`. */
async function requirePod(cluster: HookCluster, pod: HookPod, signal: AbortSignal): Promise<void> {
  const live = await readPod(cluster, pod, signal);
  if (live?.uid !== pod.uid) {
    const text = `the pod ${pod.namespace}/${pod.name} is gone`;
    throw new Failure('pod-gone', text, { subject: `${pod.namespace}/${pod.name}` });
  }
  if (live.phase !== 'Running') {
    const text = `the pod ${pod.namespace}/${pod.name} does not run (${live.phase})`;
    throw new Failure('pod-not-running', text, { subject: `${pod.namespace}/${pod.name}` });
  }
}
