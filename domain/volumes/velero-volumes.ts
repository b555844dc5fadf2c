import { COVERAGE_REASONS, type CoverageReport, type VolumeCoverage } from '../coverage.ts';
import { type CopyRecord, sizeOfCopy } from './copy-record.ts';
import { volumeName } from './volume-name.ts';

/** A backup, as Velero's files about its volumes name it. */
export interface BackupNames {
  readonly name: string;
  readonly runUid: string;
  readonly location: string;
  /** The name as a value of a label. */
  readonly label: string;
}

/** Annotation of ours for the snapshot, where Velero's own field would make it look for the data. */
const SNAPSHOT_ANNOTATION = 'holdfast.dev/snapshot-id';
const VELERO = 'velero.io';

/**
 * `<name>-podvolumebackups.json.gz`: Velero makes these objects when it finds the backup. For one with a snapshot it
 * would look in a repository of its own, under its own password, and the pod would wait for ever for the data; without
 * `status.snapshotID` it restores the pod and passes the volume over, as it does for one that was empty.
 */
export function podVolumeBackups(backup: BackupNames, copies: readonly CopyRecord[]): object[] {
  return copies.flatMap((copy) => {
    const { pod, volume } = copy;
    // Velero has such an object for volumes of running pods alone.
    return pod === undefined || volume === undefined
      ? []
      : [podVolumeBackup(backup, { ...copy, pod, volume })];
  });
}

function podVolumeBackup(
  backup: BackupNames,
  copy: CopyRecord & { readonly pod: string; readonly volume: string },
): object {
  const { name, runUid, location, label } = backup;
  const { index, namespace, pod, volume, claim, claimUid, node, repository } = copy;
  const owner = { apiVersion: `${VELERO}/v1`, kind: 'Backup', name, uid: runUid, controller: true };
  const annotations = {
    ...(claim === undefined ? {} : { [`${VELERO}/pvc-name`]: claim }),
    ...(copy.copy.outcome === 'Empty'
      ? {}
      : { [SNAPSHOT_ANNOTATION]: copy.copy.snapshot.snapshotId }),
  };
  return {
    kind: 'PodVolumeBackup',
    apiVersion: `${VELERO}/v1`,
    metadata: {
      name: `${name}-${String(index)}`,
      namespace: 'velero',
      labels: {
        [`${VELERO}/backup-name`]: label,
        [`${VELERO}/backup-uid`]: runUid,
        ...(claimUid === undefined ? {} : { [`${VELERO}/pvc-uid`]: claimUid }),
      },
      annotations,
      ownerReferences: [owner],
    },
    spec: {
      node,
      pod: { kind: 'Pod', namespace, name: pod },
      volume,
      backupStorageLocation: location,
      repoIdentifier: repository,
      uploaderType: 'restic',
      tags: { backup: name, 'backup-uid': runUid, ns: namespace, pod, volume },
    },
    status: podVolumeStatus(copy),
  };
}

function podVolumeStatus(record: CopyRecord): object {
  const { startTimestamp, completionTimestamp } = record;
  const { bytes } = sizeOfCopy(record);
  return {
    phase: phaseOf(record),
    ...(phaseOf(record) === 'Failed' ? { message: 'some files could not be read' } : {}),
    startTimestamp,
    completionTimestamp,
    progress: { totalBytes: bytes, bytesDone: bytes },
  };
}

/** Velero has no word for a copy that lacks some files. */
function phaseOf({ copy }: CopyRecord): 'Completed' | 'Failed' {
  return copy.outcome === 'Incomplete' ? 'Failed' : 'Completed';
}

/**
 * `<name>-volumeinfo.json.gz`, by which Velero decides what becomes of a persistent volume: the claims of those that were
 * copied, or should have been, get new ones. One entry for each persistent volume, since that is Velero's key.
 */
export function volumeInfos(report: CoverageReport, copies: readonly CopyRecord[]): object[] {
  const byName = new Map(copies.map((copy) => [volumeName(copy), copy]));
  const infos = new Map<string, object>();
  for (const row of report.volumes.items) {
    const { persistentVolume } = row;
    const copy = byName.get(volumeName(row));
    if (persistentVolume !== undefined && (copy !== undefined || !infos.has(persistentVolume))) {
      infos.set(persistentVolume, {
        pvcName: row.claim,
        pvcNamespace: row.namespace,
        pvName: persistentVolume,
        snapshotDataMoved: false,
        preserveLocalSnapshot: false,
        ...(copy === undefined ? withoutCopy(row) : copied(copy)),
      });
    }
  }
  return [...infos.values()];
}

function withoutCopy({ reason, namespace, pod = '', volume = '' }: VolumeCoverage): object {
  if (reason === 'copy-failed') {
    return {
      ...{ backupMethod: 'PodVolumeBackup', skipped: false, result: 'failed' },
      pvbInfo: {
        ...{ uploaderType: 'restic', volumeName: volume, podName: pod, podNamespace: namespace },
        Phase: 'Failed',
      },
    };
  }
  return {
    skipped: true,
    ...(reason === undefined ? {} : { skippedReason: COVERAGE_REASONS[reason].text }),
  };
}

function copied(record: CopyRecord): object {
  const { copy, namespace, pod, volume = '', node, readThrough } = record;
  const { startTimestamp, completionTimestamp } = record;
  const phase = phaseOf(record);
  return {
    ...{ backupMethod: 'PodVolumeBackup', skipped: false, startTimestamp, completionTimestamp },
    result: phase === 'Completed' ? 'succeeded' : 'failed',
    pvbInfo: {
      ...(copy.outcome === 'Empty' ? {} : { snapshotHandle: copy.snapshot.snapshotId }),
      size: sizeOfCopy(record).bytes,
      ...{ uploaderType: 'restic', volumeName: volume, podName: pod ?? readThrough },
      ...{ podNamespace: namespace, nodeName: node, Phase: phase },
    },
  };
}
