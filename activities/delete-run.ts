import { backupKeys, restoreKeys } from '../domain/object-key.ts';
import { removeAll } from './clean-run.ts';
import type { DeleteRunInput, DeleteRunResult } from './contract.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';

/** See `ClusterActivities.deleteRun`. */
export function deleteRun(deps: Dependencies, input: DeleteRunInput): Promise<DeleteRunResult> {
  return withHeartbeat(async () => {
    const store = deps.store(input.location);
    const { folder, record } = filesOf(input);
    await store.remove([record]);
    const objects = await removeAll(store, folder);
    return { objects: objects + 1 };
  });
}

/** The file whose presence makes the run exist, and the folder of all its files. */
function filesOf({ kind, name }: DeleteRunInput): { folder: string; record: string } {
  if (kind === 'Restore') {
    const { folder, claim } = restoreKeys(name);
    return { folder, record: claim };
  }
  return backupKeys(name);
}
