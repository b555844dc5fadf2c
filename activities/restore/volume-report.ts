import { Failure, type FailureReport } from '../../domain/failure.ts';
import { leftVolumesKey, restoreFolder } from '../../domain/object-key.ts';
import type {
  RestoredVolumesSummary,
  RestoreEnd,
  RestoreRecord,
} from '../../domain/volumes/restore-record.ts';
import type { LeftVolume } from '../../domain/volumes/restored-volumes.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { FinishRestoreInput } from '../contract.ts';
import type { BatchInput } from '../volume-contract.ts';
import { readBatch } from '../volumes/volume-batch.ts';
import { readEnds } from '../volumes/volume-ends.ts';

/** Volumes that the results name on each side; the file of the restore's volumes has all. */
const NAMED_MAX = 500;

/** Volumes without their data that the restore itself names. */
const FAILED_MAX = 100;

const NOT_MADE =
  'what it belongs to was not made before the data was written, so that it has none; restore again';

const IS_BUSY =
  'an earlier restore did not write its data, and another one writes it now, or a pod has it in use; end that (a restore that was terminated is deleted), and restore again';

const CUT_SHORT = 'the restore ended before its data was written and read back; restore again';

/** What the report of a restore says of data of volumes. */
export interface VolumeReport {
  readonly summary: RestoredVolumesSummary;
  readonly ends: readonly RestoreEnd[];
  /** Volumes that did not get their data, and why: the first of them. */
  readonly failed: readonly FailureReport[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads how the volumes of a restore ended; undefined where it had none to write. */
export async function readVolumeReport(
  store: ObjectStore,
  { volumeBatches = 0, ...run }: FinishRestoreInput,
): Promise<VolumeReport | undefined> {
  const left = await readLeft(store, run);
  if (volumeBatches === 0 && left.length === 0) {
    return undefined;
  }
  const ends: RestoreEnd[] = [];
  for (let batch = 0; batch < volumeBatches; batch++) {
    ends.push(...(await endsOf(store, { ...run, kind: 'Restore', batch })));
  }
  const records = ends.flatMap((end) => (end.kind === 'restored' ? [end.record] : []));
  const failed = failuresOf(ends, left);
  return {
    summary: {
      restored: records.length,
      failed: failed.length,
      files: records.reduce((sum, { files }) => sum + files, 0),
      bytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    ends,
    failed: failed.slice(0, FAILED_MAX),
    errors: shortened(failed.map(({ message }) => message)),
    warnings: shortened([
      ...left
        .filter(({ isFailed }) => !isFailed)
        .map(
          ({ name }) =>
            `volume ${name}: it was there before the restore, and its data is left alone`,
        ),
      ...records.flatMap((record) =>
        record.warnings.map(({ message }) => `volume ${volumeName(record)}: ${message}`),
      ),
    ]),
  };
}

/** How the volumes of a batch ended. Of one that was cut short nobody knows which volumes have all of their data. */
async function endsOf(store: ObjectStore, batch: BatchInput): Promise<RestoreEnd[]> {
  const ends = await unlessMissing(() => readEnds(store, batch));
  if (ends === undefined) {
    const { volumes } = await readBatch(store, batch);
    const failure = { code: 'volume-not-restored', message: CUT_SHORT } as const;
    return volumes.map((volume) => ({ kind: 'failed', volume, failure }));
  }
  return ends.map((end) =>
    // What an attempt of `restoreVolume` stores is the record of a restored volume.
    end.kind === 'failed' ? end : { kind: 'restored', record: end.record as RestoreRecord },
  );
}

/** Each volume that did not get its data, with the reason. */
function failuresOf(ends: readonly RestoreEnd[], left: readonly LeftVolume[]): FailureReport[] {
  const failed = ends.flatMap((end) =>
    end.kind === 'failed' ? [{ name: volumeName(end.volume), ...end.failure }] : [],
  );
  const unmade = left
    .filter(({ isFailed }) => isFailed)
    .map(({ name, isBusy }) => ({
      ...{ name, code: 'volume-not-restored' as const },
      message: isBusy === true ? IS_BUSY : NOT_MADE,
    }));
  return [...failed, ...unmade].map(({ name, code, message }) => ({
    ...{ code, message: `volume ${name}: ${message}`, subject: `volume ${name}` },
  }));
}

async function readLeft(
  store: ObjectStore,
  { name, runUid }: Pick<FinishRestoreInput, 'name' | 'runUid'>,
): Promise<readonly LeftVolume[]> {
  const stages = ['claims', 'pods'].map((stage) =>
    readJsonGzIfThere(store, leftVolumesKey(restoreFolder(name), runUid, stage)),
  );
  // The objects under these keys were written by `planVolumeRestore` of the same run.
  return ((await Promise.all(stages)) as (readonly LeftVolume[] | undefined)[]).flatMap(
    (volumes) => volumes ?? [],
  );
}

async function unlessMissing<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
}

function shortened(lines: readonly string[]): readonly string[] {
  const rest = lines.length - NAMED_MAX;
  return rest > 0 ? [...lines.slice(0, NAMED_MAX), `${String(rest)} more volumes`] : lines;
}
