import type { RunResource } from './api-resource.ts';
import type { Condition } from './condition.ts';
import { isEndPhase } from './phase.ts';

/**
 * The conditions of a run, as Kubernetes has them of what ends: `Succeeded` is Unknown until the end, True for a run that
 * is Completed, and False for any other end, with the phase as its reason.
 */
function runConditions({ metadata, status }: RunResource): Condition[] {
  const { phase, completionTimestamp, startTimestamp } = status;
  const isEnded = isEndPhase(phase);
  const outcome = phase === 'Completed' ? 'True' : 'False';
  return [
    {
      ...{ type: 'Succeeded', status: isEnded ? outcome : 'Unknown', reason: phase },
      message: messageOf(status, isEnded),
      lastTransitionTime: completionTimestamp ?? startTimestamp ?? metadata.creationTimestamp,
    },
  ];
}

function messageOf({ failure, errors, warnings }: RunResource['status'], isEnded: boolean): string {
  if (!isEnded) {
    return 'it has not ended';
  }
  return failure?.message ?? `errors: ${String(errors)}, warnings: ${String(warnings)}`;
}

/** The same run with its conditions. */
export function withConditions<Resource extends RunResource>(run: Resource): Resource {
  return { ...run, status: { ...run.status, conditions: runConditions(run) } };
}
