import { Failure } from '../../domain/failure.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** What is known of the copies of a backup; none where it has no volumes, or others made it. */
export async function readCopyRecords(
  store: ObjectStore,
  backupName: string,
): Promise<readonly CopyRecord[]> {
  try {
    // The file under this key is Holdfast's own.
    return (await readJsonGz(store, backupKeys(backupName).volumes)) as readonly CopyRecord[];
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return [];
    }
    throw error;
  }
}
