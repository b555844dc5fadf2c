import type { FailureReport } from '../failure.ts';
import type { EndPhase } from '../phase.ts';
import type { RestoreResult } from '../restore.ts';

/** How the work of a restore ended, whatever became of its items. */
export type RestoreEnding =
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly failure: FailureReport }
  | { readonly kind: 'cancelled' };

/** The result of a restore, from how it ended and what its report says. */
export function restoreResult(
  ending: RestoreEnding,
  { counts, warnings, volumes }: Pick<RestoreResult, 'counts' | 'warnings' | 'volumes'>,
  times: Pick<RestoreResult, 'startTimestamp' | 'completionTimestamp'>,
): RestoreResult {
  const hasFailed = ending.kind === 'failed';
  const failures = counts.failed + (volumes?.failed ?? 0);
  return {
    phase: phaseOf(ending, failures),
    ...times,
    items: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    warnings,
    errors: failures + (hasFailed ? 1 : 0),
    ...(volumes === undefined ? {} : { volumes }),
    ...(hasFailed ? { failure: ending.failure } : {}),
  };
}

function phaseOf(ending: RestoreEnding, failures: number): EndPhase {
  if (ending.kind === 'applied') {
    return failures > 0 ? 'PartiallyFailed' : 'Completed';
  }
  return ending.kind === 'cancelled' ? 'Cancelled' : 'Failed';
}
