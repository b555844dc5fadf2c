import type { FailureReport } from '../failure.ts';
import type { HookedPod } from '../volumes/volume-plan.ts';
import type { HookEnds } from './hook-ends.ts';
import type { PodHookReport } from './hook-report.ts';
import type { HookRun } from './hook-run.ts';

/** Why hooks of a pod have no run although they were planned; nothing where all have one. */
export function leftHooks(
  { pre, post }: Pick<HookedPod, 'pre' | 'post'>,
  { failure }: Pick<HookEnds, 'failure'>,
  runs: readonly HookRun[],
): Pick<PodHookReport, 'failure' | 'notRun'> {
  const ran = (phase: HookRun['phase']): HookRun[] => runs.filter((run) => run.phase === phase);
  const [preRuns, postRuns] = [ran('pre'), ran('post')];
  const left = { pre: pre.length - preRuns.length, post: post.length - postRuns.length };
  if (failure !== undefined) {
    const { message } = failure;
    const words = [counted(left.pre, 'pre', message), counted(left.post, 'post', message)];
    return { failure, ...notRun(words) };
  }
  const words = counted(left.pre, 'pre', whyNotPre(preRuns));
  const isBegun = pre.length === 0 || preRuns.some(({ isNotBegun }) => isNotBegun !== true);
  if (isBegun) {
    return { ...(left.post > 0 ? { failure: UNKNOWN } : {}), ...notRun([words]) };
  }
  return notRun([words, counted(left.post, 'post', NOTHING_BEGUN)]);
}

const UNKNOWN: FailureReport = {
  code: 'hook-failed',
  message: 'its post hooks were run by another one, and nobody knows what they gave',
};
const NOTHING_BEGUN = 'no pre hook was begun, so that there is nothing to undo';

function whyNotPre(runs: readonly HookRun[]): string {
  return runs.length > 0
    ? 'a hook before them failed'
    : 'a post hook of the pod cannot be used, so that nothing would undo them';
}

/** `2 post hooks: no pre hook was begun`; undefined where there are none. */
function counted(count: number, phase: HookRun['phase'], why: string): string | undefined {
  return count > 0
    ? `${String(count)} ${phase} ${count === 1 ? 'hook' : 'hooks'}: ${why}`
    : undefined;
}

function notRun(words: readonly (string | undefined)[]): Pick<PodHookReport, 'notRun'> {
  const said = words.filter((word) => word !== undefined);
  return said.length === 0 ? {} : { notRun: said };
}
