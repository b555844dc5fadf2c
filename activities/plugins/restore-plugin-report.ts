import type { FailureReport } from '../../domain/failure.ts';
import { operationEndsKey, restoreFolder } from '../../domain/object-key.ts';
import { restoreItemOperations } from '../../domain/plugins/item-operations.ts';
import type { OperationEnds } from '../../domain/plugins/operation.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';
import type { PlannedOperations } from '../plugin-run-contract.ts';
import { allAnswers } from './plugin-answers.ts';
import { readAdditions } from './restore-additions.ts';

/** What the report of a restore says of plugins. Items that failed are among the outcomes, and not here. */
export interface PluginReport {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly operations?: { readonly completed: number; readonly failed: number };
  /** Entries of the file of item operations. */
  readonly entries: readonly unknown[];
}

/** Failures that the results name on each side. */
const NAMED_MAX = 500;

/** Reads what plugins answered to a restore, and what became of their operations. */
export async function readPluginReport(
  store: ObjectStore,
  { plugins = NOTHING_ASKED, ...run }: FinishRestoreInput,
): Promise<PluginReport> {
  const { rounds, operations, notCancelled } = plugins;
  const errors = rounds.flatMap(({ problems = [] }) => problems);
  const additions = await readAdditions(store, run, rounds);
  const warnings = [...notCancelled, ...additions.flatMap((one) => one.warnings)];
  const source = { store, rounds, run: { ...run, kind: 'Restore' as const } };
  for await (const { items, faults, onError } of allAnswers(source)) {
    errors.push(...faults);
    warnings.push(...(onError === 'Continue' ? items.flatMap(({ failure }) => failure ?? []) : []));
  }
  const ended = operations === undefined ? [] : await readOperationEnds(store, run, operations);
  const ends = ended.flatMap((batch) => batch.ends);
  errors.push(...ends.flatMap(({ failure }) => failure ?? []));
  const completed = ends.filter(({ phase }) => phase === 'Completed').length;
  return {
    errors: texts(errors),
    warnings: texts(warnings),
    ...(operations === undefined
      ? {}
      : { operations: { completed, failed: ends.length - completed } }),
    entries: ended.flatMap((batch) => restoreItemOperations(run, batch)),
  };
}

const NOTHING_ASKED: NonNullable<FinishRestoreInput['plugins']> = { rounds: [], notCancelled: [] };

async function readOperationEnds(
  store: ObjectStore,
  { name, runUid }: Pick<FinishRestoreInput, 'name' | 'runUid'>,
  { attempt, batches }: PlannedOperations,
): Promise<OperationEnds[]> {
  const all: OperationEnds[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const key = operationEndsKey(restoreFolder(name), { runUid, attempt, batch });
    // The object under this key was written by `storePluginOperations` of the same run.
    const ends = (await readJsonGzIfThere(store, key)) as OperationEnds | undefined;
    all.push(...(ends === undefined ? [] : [ends]));
  }
  return all;
}

function texts(reports: readonly FailureReport[]): string[] {
  const named = reports.slice(0, NAMED_MAX).map(({ message }) => message);
  const rest = reports.length - NAMED_MAX;
  return rest > 0 ? [...named, `and ${String(rest)} more of plugins`] : named;
}
