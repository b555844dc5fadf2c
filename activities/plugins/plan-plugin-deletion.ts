import { fields, list } from '../../domain/fields.ts';
import { backupFolder, backupKeys, operationBatchKey } from '../../domain/object-key.ts';
import { OPERATIONS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import { operationOfEntry } from '../../domain/plugins/item-operations.ts';
import type { OperationBatch, PlannedOperation } from '../../domain/plugins/operation.ts';
import { callTimes, type RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { readJsonGzIfThere, writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { PlannedOperations } from '../plugin-run-contract.ts';
import { readPlugins } from './registry.ts';
import { requestIdOf } from './request-id.ts';

/** See `PluginRunActivities.planPluginDeletion`. */
export function planPluginDeletion(
  deps: Dependencies,
  run: RunReference,
): Promise<PlannedOperations> {
  return withHeartbeat(async () => {
    const store = deps.store(run.location);
    const attempt = newAttempt();
    const stored = await readBackup(store, run.name);
    if (stored?.claim?.runUid !== run.runUid) {
      return { attempt, batches: 0, operations: 0 };
    }
    const { record, itemOperations } = backupKeys(run.name);
    const byPlugin = operationsByPlugin(run, await readJsonGzIfThere(store, itemOperations));
    const batches = (await readPlugins(deps)).flatMap((plugin) =>
      batchesOf(plugin, byPlugin.get(plugin.name) ?? []),
    );
    if (batches.length > 0) {
      // From here on nobody restores from what is half gone.
      await store.remove([record]);
    }
    for (const [batch, content] of batches.entries()) {
      const key = { runUid: run.runUid, attempt, batch };
      await writeJsonGz(store, operationBatchKey(backupFolder(run.name), key), content);
    }
    const operations = batches.reduce((sum, batch) => sum + batch.operations.length, 0);
    return { attempt, batches: batches.length, operations };
  });
}

function operationsByPlugin(
  { runUid }: RunReference,
  entries: unknown,
): ReadonlyMap<string, readonly PlannedOperation[]> {
  const byPlugin = new Map<string, PlannedOperation[]>();
  for (const { plugin, ...operation } of list(entries).flatMap((entry) =>
    operationOfEntry(fields(entry)),
  )) {
    const of = byPlugin.get(plugin) ?? [];
    byPlugin.set(plugin, of);
    const { action, item } = operation;
    of.push({ ...operation, requestId: requestIdOf({ runUid, plugin, action }, item) });
  }
  return byPlugin;
}

/** Nothing for a plugin that has nothing to do with the backup. */
function batchesOf(
  { name: plugin, spec, description }: RegisteredPlugin,
  operations: readonly PlannedOperation[],
): OperationBatch[] {
  const times = callTimes(spec);
  const count = Math.ceil(operations.length / OPERATIONS_PER_CALL);
  const batches = Array.from({ length: count }, (_, batch) =>
    operations.slice(batch * OPERATIONS_PER_CALL, (batch + 1) * OPERATIONS_PER_CALL),
  );
  const told = batches.length === 0 && description.deletesBackups === true ? [[]] : batches;
  return told.map((part) => ({ plugin, ...times, operations: part }));
}
