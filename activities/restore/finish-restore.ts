import { Failure } from '../../domain/failure.ts';
import { OWNER_LEVELS_MAX } from '../../domain/restore/owner-order.ts';
import {
  LEFT_OUT_REASONS,
  type LeftOut,
  type RestorePlan,
} from '../../domain/restore/restore-plan.ts';
import { restoreResult } from '../../domain/restore/restore-result.ts';
import type { RestoreResult } from '../../domain/restore.ts';
import { commitRestore } from '../../storage/format/record.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { Said as LogWords } from '../../storage/run-log/ended-log.ts';
import type { FinishRestoreInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readHookEnds } from '../restore-hooks/read-hook-ends.ts';
import { readPluginReport } from '../plugins/restore-plugin-report.ts';
import { OutcomeFiles } from './outcome-files.ts';
import { encodeRestoreList, gatherReport, type RestoreNotes } from './restore-report.ts';
import { readRestoreClaim, readRestorePlan } from './restore-run.ts';
import { readVolumeReport, type VolumeReport } from './volume-report.ts';

/** What is used of the plan of a run that ended before it had one. */
const NO_PLAN: PlanEnd = { items: 0, leftOut: [], cycles: { count: 0, items: [] }, tooDeep: 0 };

type PlanEnd = Pick<RestorePlan, 'items' | 'leftOut' | 'cycles' | 'tooDeep'>;

/** See `ClusterActivities.finishRestore`. */
export function finishRestore(
  deps: Dependencies,
  input: FinishRestoreInput,
): Promise<RestoreResult> {
  return withHeartbeat(async () => {
    const { ending, completionTimestamp } = input;
    const store = deps.store(input.location);
    const claim = await readRestoreClaim(store, input);
    const plan = withAdded(await planOf(store, input), input);
    const files = await OutcomeFiles.find(store, input);
    const volumes = await readVolumeReport(store, input);
    const hooks = await readHookEnds(store, input);
    const plugins = await readPluginReport(store, input);
    const report = await gatherReport(files, notesOf(input, plan, { volumes, hooks, plugins }));
    const { startTimestamp } = claim;
    const result = restoreResult(
      ending,
      {
        ...{ ...report, volumes: volumes?.summary },
        ...{ failedHooks: hooks.failed, hooks: hooks.summary },
        ...{ failedPlugins: plugins.errors.length, operations: plugins.operations },
      },
      { startTimestamp, completionTimestamp },
    );
    const { cycles, tooDeep } = plan;
    await commitRestore(store, {
      stored: {
        ...{ ...claim, result, leftOut: leftOutOf(plan, result.items) },
        ...(cycles.count === 0 ? {} : { cycles }),
        ...(tooDeep === 0 ? {} : { tooDeep }),
        ...(volumes === undefined || volumes.failed.length === 0
          ? {}
          : { failedVolumes: volumes.failed }),
      },
      results: report.results,
      resourceList: encodeRestoreList(files, report),
      outcomes: files.all(),
      volumes: volumes?.ends ?? [],
      hooks: hooks.pods,
      itemOperations: plugins.entries,
      ...{ phases: input.phases, said: saidOf(plan, { volumes, plugins }) },
    });
    return result;
  });
}

function notesOf(
  { name, ending }: FinishRestoreInput,
  plan: PlanEnd,
  { volumes = NOTHING_SAID, hooks, plugins }: SaidBy,
): RestoreNotes {
  return {
    name,
    errors: [
      ...(ending.kind === 'failed' ? [ending.failure.message] : []),
      ...volumes.errors,
      ...hooks.errors,
      ...plugins.errors,
    ],
    warnings: [...orderWarnings(plan), ...volumes.warnings, ...hooks.warnings, ...plugins.warnings],
  };
}

/** What the log has to say at the end; of hooks, items and steps it was told when they ended. */
function saidOf(
  plan: PlanEnd,
  { volumes = NOTHING_SAID, plugins }: Omit<SaidBy, 'hooks'>,
): LogWords[] {
  const errors = [...volumes.errors, ...plugins.errors];
  const warnings = [...orderWarnings(plan), ...volumes.warnings, ...plugins.warnings];
  return [
    ...errors.map((message): LogWords => ({ level: 'error', message })),
    ...warnings.map((message): LogWords => ({ level: 'warning', message })),
  ];
}

type Said = Pick<VolumeReport, 'errors' | 'warnings'>;

interface SaidBy {
  readonly volumes: Said | undefined;
  readonly hooks: Said;
  readonly plugins: Said;
}

const NOTHING_SAID: Said = { errors: [], warnings: [] };

async function planOf(store: ObjectStore, run: FinishRestoreInput): Promise<PlanEnd> {
  try {
    return await readRestorePlan(store, run);
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return NO_PLAN;
    }
    throw error;
  }
}

/** What plugins added was to be applied as well. */
function withAdded(plan: PlanEnd, { plugins }: FinishRestoreInput): PlanEnd {
  const added = plugins?.rounds.flatMap((round) => round.added ?? []) ?? [];
  return { ...plan, items: added.reduce((sum, { items }) => sum + items, plan.items) };
}

/** Where the order of the restore could not be what the owners ask for. */
function orderWarnings({ cycles, tooDeep }: PlanEnd): string[] {
  const more = cycles.count - cycles.items.length;
  const names = [...cycles.items, ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
  return [
    ...(cycles.count === 0
      ? []
      : [`custom resources own each other in a circle, so that none can come first: ${names}`]),
    ...(tooDeep === 0
      ? []
      : [
          `${String(tooDeep)} custom resources have ${String(OWNER_LEVELS_MAX)} levels of owners or more above ` +
            'them, and were applied together with some of these',
        ]),
  ];
}

/** What the plan left out, and what was planned and not reached. */
function leftOutOf({ items, leftOut }: PlanEnd, itemsDone: number): readonly LeftOut[] {
  const rest = items - itemsDone;
  return rest > 0 ? [...leftOut, { reason: LEFT_OUT_REASONS.notReached, items: rest }] : leftOut;
}
