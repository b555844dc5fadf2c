import type { API_VERSION } from '../api-resource.ts';
import type { VolumeCoverage } from '../coverage.ts';
import type { CopyRecord } from './copy-record.ts';
import { volumeName } from './volume-name.ts';

/** A volume of an ended backup: what became of its data, and where and how it was copied. */
export interface BackupVolume extends VolumeCoverage {
  /** `shop/data` for a claim, `shop/web cache` for a volume that a pod has of its own. */
  readonly name: string;
  /** The node on which it was read; left out where nothing was copied, as are the next. */
  readonly node?: string;
  /** Left out for an empty volume, which no engine has looked at. */
  readonly engine?: { readonly kind: string; readonly version: string };
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
}

/** Answer of `GET /backups/{name}/volumes`. */
export interface BackupVolumeList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'BackupVolumeList';
  readonly items: readonly BackupVolume[];
}

/** The volumes of the coverage of a backup, with what is known of their copies, in the order of the coverage. */
export function backupVolumes(
  rows: readonly VolumeCoverage[],
  records: readonly CopyRecord[],
): BackupVolume[] {
  const byName = new Map(records.map((record) => [volumeName(record), record]));
  return rows.map((row) => {
    const name = volumeName(row);
    const record = row.copy && byName.get(name);
    return { name, ...row, ...(record === undefined ? {} : copyOf(record)) };
  });
}

function copyOf({ node, copy, startTimestamp, completionTimestamp }: CopyRecord) {
  const engine = copy.outcome === 'Empty' ? {} : { engine: copy.engine };
  return { node, ...engine, startTimestamp, completionTimestamp };
}
