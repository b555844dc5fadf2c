import type { FailureReport } from '../failure.ts';
import type { EndPhase } from '../phase.ts';
import type { RestoreResult } from '../restore.ts';

/** How the work of a restore ended, whatever became of its items. */
export type RestoreEnding =
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly failure: FailureReport }
  | { readonly kind: 'cancelled' };

/** What the report of a restore comes to. */
interface ReportNumbers extends Pick<RestoreResult, 'counts' | 'warnings'> {
  readonly volumes?: RestoreResult['volumes'] | undefined;
  /** Hooks that failed and must not. */
  readonly failedHooks?: number;
  /** All that were run, and those that failed whatever they say. */
  readonly hooks?: RestoreResult['hooks'] | undefined;
  /** Failures of plugins that are of no item that failed. */
  readonly failedPlugins?: number;
  readonly operations?: RestoreResult['operations'] | undefined;
}

/** The result of a restore, from how it ended and what its report says. */
export function restoreResult(
  ending: RestoreEnding,
  { counts, warnings, ...numbers }: ReportNumbers,
  times: Pick<RestoreResult, 'startTimestamp' | 'completionTimestamp'>,
): RestoreResult {
  const hasFailed = ending.kind === 'failed';
  const { volumes, failedHooks = 0, hooks, failedPlugins = 0, operations } = numbers;
  const failures = counts.failed + (volumes?.failed ?? 0) + failedHooks + failedPlugins;
  return {
    phase: phaseOf(ending, failures),
    ...times,
    items: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    warnings,
    errors: failures + (hasFailed ? 1 : 0),
    ...(volumes === undefined ? {} : { volumes }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(operations === undefined ? {} : { operations }),
    ...(hasFailed ? { failure: ending.failure } : {}),
  };
}

function phaseOf(ending: RestoreEnding, failures: number): EndPhase {
  if (ending.kind === 'applied') {
    return failures > 0 ? 'PartiallyFailed' : 'Completed';
  }
  return ending.kind === 'cancelled' ? 'Cancelled' : 'Failed';
}
