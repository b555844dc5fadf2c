import { recordTime } from '../../domain/duration.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { restoreFolder, volumeCopyKey } from '../../domain/object-key.ts';
import { sizeOfCopy } from '../../domain/volumes/copy-record.ts';
import type { RestoreRecord } from '../../domain/volumes/restore-record.ts';
import type { RestoredVolume } from '../../domain/volumes/restored-volumes.ts';
import type { VolumeRestore } from '../../domain/volumes/volume-copy.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { MovedVolume, MoveVolumeInput } from '../volume-contract.ts';
import { readBatch, volumeOf } from '../volumes/volume-batch.ts';
import type { NodeDependencies } from './dependencies.ts';
import { engineRun, repositoryAccess, unbegun } from './engine-call.ts';
import { openGateOf } from './open-gate.ts';
import { openVolume } from './open-volume.ts';
import { whilePodRuns } from './pod-guard.ts';
import { requireStillMounted } from './volume-mount.ts';

/** See `NodeActivities.restoreVolume`. */
export function restoreVolume(
  deps: NodeDependencies,
  input: MoveVolumeInput,
): Promise<MovedVolume> {
  return withHeartbeat(async (long) => {
    const startTimestamp = recordTime(Date.now());
    const store = deps.store(input.location);
    // The batch of a restore was written by `planVolumeRestore`.
    const batch = (await readBatch(store, input)) as VolumeBatch<RestoredVolume>;
    const volume = volumeOf(batch, input.volume);
    const pod = { namespace: volume.namespace, name: input.pod, uid: input.podUid };
    const restored = await whilePodRuns(deps.cluster, pod, {
      signal: long.signal,
      work: (signal) => writeVolume(deps, { input, volume }, { ...long, signal }),
    });
    const { record: source, ...place } = volume;
    const record: RestoreRecord = {
      ...place,
      ...{ node: deps.node, writtenThrough: input.pod },
      ...(source.copy.outcome === 'Empty' ? {} : { snapshotId: source.copy.snapshot.snapshotId }),
      ...sizeOfCopy(source),
      warnings: warningsOf(restored),
      ...{ startTimestamp, completionTimestamp: recordTime(Date.now()) },
    };
    const attempt = newAttempt();
    const { runUid, volume: index } = input;
    const key = volumeCopyKey(restoreFolder(input.name), { runUid, volume: index, attempt });
    await writeJsonGz(store, key, record);
    await openGateOf(deps.kubeletFolder, input.podUid, volume);
    return { attempt, ...sizeOfCopy(source) };
  }, unbegun(input.volume));
}

interface RestoreWork {
  readonly input: MoveVolumeInput;
  readonly volume: RestoredVolume;
}

/** Writes the volume and has it read back. Throws `volume-not-restored` where it is not as it was. */
async function writeVolume(
  deps: NodeDependencies,
  { input, volume }: RestoreWork,
  long: LongWork,
): Promise<VolumeRestore> {
  const { root, mount } = await openVolume(deps.kubeletFolder, { input, volume }, long.signal);
  try {
    const { copy, clusterUid, namespace } = volume.record;
    const restored = await deps.engine.restore(
      {
        repository: await repositoryAccess(deps, {
          ...{ location: input.location, clusterUid, namespace },
        }),
        ...(copy.outcome === 'Empty' ? {} : { snapshotId: copy.snapshot.snapshotId }),
        ...{ root, attributes: copy.root },
      },
      engineRun(deps, long, input),
    );
    await requireStillMounted(root, { mount, volume });
    requireWhole(volume, restored);
    return restored;
  } finally {
    await root.close();
  }
}

/** Files that are not as they were make the volume a failed one; what its root lacks is only said. */
function requireWhole(volume: RestoredVolume, { errorCount, isDamaged }: VolumeRestore): void {
  if (errorCount > 0 || isDamaged) {
    const files = `${String(errorCount)} ${errorCount === 1 ? 'file is' : 'files are'}`;
    const text = isDamaged
      ? `the repository could not give back all of the copy; ${files} not as they were`
      : `${files} not as they were`;
    throw new Failure('volume-not-restored', text, { subject: volumeName(volume) });
  }
}

function warningsOf({ rootDifferences }: VolumeRestore): FailureReport[] {
  return rootDifferences.length === 0
    ? []
    : [
        {
          code: 'volume-incomplete',
          message: `the file system did not take of the volume's own directory: ${rootDifferences.join(', ')}`,
        },
      ];
}
