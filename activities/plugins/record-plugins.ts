import { type BackupProblems, joinProblems } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { itemText } from '../../domain/item.ts';
import {
  backupFolder,
  backupKeys,
  operationBatchKey,
  operationEndsKey,
} from '../../domain/object-key.ts';
import { itemOperations } from '../../domain/plugins/item-operations.ts';
import type { OperationBatch, OperationEnds } from '../../domain/plugins/operation.ts';
import type { OperationEnd } from '../../domain/plugins/plugin-call.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type {
  KeepOperationsInput,
  RecordPluginsInput,
  UncancelledBatches,
} from '../plugin-run-contract.ts';
import { tellProblems } from '../run-log/activity-log.ts';
import { allAnswers } from './plugin-answers.ts';

/** See `PluginRunActivities.recordPlugins`. */
export function recordPlugins(
  deps: Dependencies,
  { rounds, operations, uncancelled, notCancelled, ...run }: RecordPluginsInput,
): Promise<BackupProblems> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(run.location);
    const errors: FailureReport[] = rounds.flatMap(({ problems = [] }) => problems);
    const warnings: FailureReport[] = [...notCancelled];
    for await (const { items, faults, onError } of allAnswers({
      store,
      run: { ...run, kind: 'Backup' },
      rounds,
    })) {
      const failures = items.flatMap(({ failure }) => failure ?? []);
      (onError === 'Fail' ? errors : warnings).push(...failures);
      errors.push(...faults);
    }
    const entries: unknown[] = [];
    for (let batch = 0; batch < (operations?.batches ?? 0); batch++) {
      signal.throwIfAborted();
      const { attempt = '' } = operations ?? {};
      const key = operationEndsKey(backupFolder(run.name), { runUid: run.runUid, attempt, batch });
      // The object under this key was written by `storePluginOperations` of the same run.
      const ended = (await readJsonGz(store, key)) as OperationEnds;
      entries.push(...itemOperations(run, ended));
      errors.push(...ended.ends.flatMap(({ failure }) => failure ?? []));
    }
    entries.push(...(uncancelled === undefined ? [] : await entriesOf(store, run, uncancelled)));
    await writeJsonGz(store, backupKeys(run.name).itemOperations, entries);
    const problems = joinProblems([{ errors, warnings }]);
    tellProblems(problems);
    return problems;
  });
}

/** See `PluginRunActivities.keepPluginOperations`. */
export async function keepPluginOperations(
  deps: Dependencies,
  { attempt, batches, endedAt, ...run }: KeepOperationsInput,
): Promise<void> {
  const store = deps.store(run.location);
  const entries = await entriesOf(store, run, { attempt, batches, endedAt });
  await writeJsonGz(store, backupKeys(run.name).itemOperations, entries);
}

/** Entries of the file for operations that may go on. */
async function entriesOf(
  store: ObjectStore,
  run: RunReference,
  { attempt, batches, endedAt }: UncancelledBatches,
): Promise<unknown[]> {
  const entries: unknown[] = [];
  for (const batch of batches) {
    const key = operationBatchKey(backupFolder(run.name), { runUid: run.runUid, attempt, batch });
    // The object under this key was written by `planPluginOperations` of the same run.
    const { plugin, operations } = (await readJsonGz(store, key)) as OperationBatch;
    const ends = operations.map(({ requestId, action, item }): OperationEnd => {
      const message = `plugin ${plugin}, action ${action}, could not cancel the operation for ${itemText(item)}`;
      return { requestId, phase: 'Failed', failure: { code: 'operation-failed', message } };
    });
    entries.push(...itemOperations(run, { plugin, operations, ends, endedAt }));
  }
  return entries;
}
