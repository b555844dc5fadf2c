import { Failure } from '../../domain/failure.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { gather, readAll } from '../object-store/read-all.ts';

/**
 * Writes into the record of a backup that it is kept for longer, so that Velero sees it too, and reads it back. Throws
 * `precondition-failed` when somebody else writes it, `object-missing` when it is gone, and `archive-mismatch`.
 */
export async function writeExpiration(
  store: ObjectStore,
  name: string,
  expiration: string,
): Promise<void> {
  const key = backupKeys(name).record;
  const object = await store.get(key);
  // The catalogue has read it before, and found the record of a backup.
  const record = JSON.parse((await gather(object)).toString('utf8')) as VeleroBackup;
  if (Date.parse(record.status.expiration ?? '') >= Date.parse(expiration)) {
    // Another extension, that came later, may have been faster.
    return;
  }
  const changed = { ...record, status: { ...record.status, expiration } };
  const bytes = Buffer.from(`${JSON.stringify(changed, undefined, 2)}\n`);
  await store.put(key, bytes, { version: object.version });
  if (!(await readAll(store, key)).equals(bytes)) {
    throw new Failure('archive-mismatch', `${key} is not what was written`, { subject: key });
  }
}
