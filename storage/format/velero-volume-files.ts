import { createHash } from 'node:crypto';

import type { CoverageReport } from '../../domain/coverage.ts';
import { labelValue } from '../../domain/label-value.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { podVolumeBackups, volumeInfos } from '../../domain/volumes/velero-volumes.ts';
import { readJsonGz } from '../json-file.ts';
import type { ObjectStore } from '../object-store/port.ts';

/**
 * What Velero is told of the volumes of a backup, by key; it follows from what is stored. Of a backup without an archive
 * there is nothing to tell.
 */
export async function veleroVolumeFiles(
  store: ObjectStore,
  location: string,
  { name, runUid, archive, result }: StoredBackup,
): Promise<[key: string, text: string][]> {
  const keys = backupKeys(name);
  if (archive === undefined) {
    return [keys.volumeInfo, keys.podVolumeBackups].map((key) => [key, '[]']);
  }
  const [report, copies] = await Promise.all([
    // These objects were written by the same run.
    readJsonGz(store, keys.coverage) as Promise<CoverageReport>,
    (result?.volumes === undefined ? [] : readJsonGz(store, keys.volumes)) as
      Promise<readonly CopyRecord[]> | readonly CopyRecord[],
  ]);
  const label = labelValue(name, (text) => createHash('sha256').update(text).digest('hex'));
  const backup = { name, runUid, location, label };
  return [
    [keys.volumeInfo, JSON.stringify(volumeInfos(report, copies))],
    [keys.podVolumeBackups, JSON.stringify(podVolumeBackups(backup, copies))],
  ];
}
