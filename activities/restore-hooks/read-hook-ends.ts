import type { FailureReport } from '../../domain/failure.ts';
import { hookProblems, type PodHookReport, summaryOf } from '../../domain/hooks/hook-report.ts';
import type { HooksSummary } from '../../domain/hooks/hook-run.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';
import { HookFiles } from './hook-files.ts';

/** Hooks that the results name on each side; the file of the restore's hooks has all. */
const NAMED_MAX = 500;

/** What the report of a restore says of the hooks of its pods. */
export interface HookEndsReport {
  readonly pods: readonly PodHookReport[];
  /** How many failed that say `Fail`, or were not run. */
  readonly failed: number;
  /** Left out where no pod has hooks. */
  readonly summary?: HooksSummary;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads how the hooks of restored pods ended. */
export async function readHookEnds(
  store: ObjectStore,
  { hooks = { batches: 0 }, ...run }: FinishRestoreInput,
): Promise<HookEndsReport> {
  const { batches, failure = CUT_SHORT } = hooks;
  const pods: PodHookReport[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const notes = await new HookFiles(store, { ...run, batch }).readEnds();
    pods.push(
      ...notes.map(({ isDone, ...report }) => {
        return isDone ? report : { ...report, failure };
      }),
    );
  }
  const { errors, warnings } = hookProblems(pods, ({ message = '' }) => message);
  return {
    pods,
    failed: errors.length,
    ...(pods.length === 0 ? {} : { summary: summaryOf(pods) }),
    errors: named(errors),
    warnings: named(warnings),
  };
}

const CUT_SHORT: FailureReport = { code: 'hook-failed', message: 'the restore ended before' };

function named(reports: readonly FailureReport[]): string[] {
  const more = reports.length - NAMED_MAX;
  return [
    ...reports.slice(0, NAMED_MAX).map(({ message }) => message),
    ...(more > 0 ? [`${String(more)} more; the file of the hooks has them all`] : []),
  ];
}
