import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** What is known of the copies of a backup; none where it has no volumes, or others made it. */
export async function readCopyRecords(
  store: ObjectStore,
  backupName: string,
): Promise<readonly CopyRecord[]> {
  // The file under this key is Holdfast's own.
  const records = await readJsonGzIfThere(store, backupKeys(backupName).volumes);
  return (records ?? []) as readonly CopyRecord[];
}
