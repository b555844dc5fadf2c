import type { BackupProblems } from '../backup.ts';
import type { FailureReport } from '../failure.ts';
import { type HookRun, type HooksSummary, hookWords, reasonOf } from './hook-run.ts';

/** What became of the hooks of one pod of a backup; `<name>-hooks.json.gz` holds them all. */
export interface PodHookReport {
  readonly namespace: string;
  readonly pod: string;
  /** Whether the pod was as its pre hooks made it until its volumes were copied; left out without pre hooks. */
  readonly isHeld?: boolean;
  /** Why hooks were not run, or not to their end. */
  readonly failure?: FailureReport;
  /** Hooks that were not run, and why: `2 post hooks: no pre hook was begun`. */
  readonly notRun?: readonly string[];
  readonly runs: readonly HookRun[];
}

export function summaryOf(pods: readonly PodHookReport[]): HooksSummary {
  const runs = pods.flatMap((pod) => pod.runs);
  const failed = runs.filter(({ outcome }) => outcome === 'Failed').length;
  return { attempted: runs.length, failed: failed + pods.filter(({ failure }) => failure).length };
}

/**
 * What is a problem of a run because of its hooks: a hook that says `Continue` makes a warning of its failure. Those of a
 * backup enter history, and quote no values; those of a restore are told in its results.
 */
export function hookProblems(
  pods: readonly PodHookReport[],
  reason: (run: HookRun) => string = reasonOf,
): BackupProblems {
  const failed = pods.flatMap(({ runs }) => runs).filter(({ outcome }) => outcome === 'Failed');
  const notRun = pods.flatMap(({ namespace, pod, failure }): FailureReport[] =>
    failure === undefined
      ? []
      : [
          {
            code: failure.code,
            message: `the hooks of the pod ${namespace}/${pod} were not run to their end: ${failure.message}`,
            subject: `pod ${namespace}/${pod}: hooks`,
          },
        ],
  );
  const of = (onError: HookRun['onError']): FailureReport[] =>
    failed.filter((run) => run.onError === onError).map((run) => failureOf(run, reason(run)));
  return { errors: [...of('Fail'), ...notRun], warnings: of('Continue') };
}

function failureOf(run: HookRun, reason: string): FailureReport {
  const { namespace, pod, phase } = run;
  return {
    code: 'hook-failed',
    message: `the ${hookWords(run)} failed: ${reason}`,
    subject: `pod ${namespace}/${pod}: ${phase} hook`,
  };
}
