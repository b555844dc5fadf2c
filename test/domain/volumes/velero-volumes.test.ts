import { expect, test } from 'vitest';

import type { CoverageReport, VolumeCoverage } from '../../../domain/coverage.ts';
import type { CopyRecord } from '../../../domain/volumes/copy-record.ts';
import { podVolumeBackups, volumeInfos } from '../../../domain/volumes/velero-volumes.ts';
import type { VolumeCopy } from '../../../domain/volumes/volume-copy.ts';

// Goal: Velero restores the objects of a backup, and is told what became of its volumes.

const BACKUP = { name: 'b', runUid: 'run', location: 'default', label: 'b' };
const SNAPSHOT_ID = 'f'.repeat(64);
const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: '0.0', xattrs: {} };
const TIMES = {
  startTimestamp: '2026-01-01T00:00:00Z',
  completionTimestamp: '2026-01-01T00:01:00Z',
};
const COPY: VolumeCopy = {
  ...{ outcome: 'Complete', isAdopted: false, root: ROOT, errors: [], errorCount: 0 },
  engine: { kind: 'restic', version: '0.19.1' },
  snapshot: {
    ...{ snapshotId: SNAPSHOT_ID, startedAt: '2026-01-01T00:00:00Z' },
    ...{ files: 3, bytes: 30, filesChanged: 3, blobsAdded: 3, addedBytes: 30, storedBytes: 20 },
  },
};
const DATA: CopyRecord = {
  ...{ index: 4, namespace: 'shop', source: 'persistentVolumeClaim', pod: 'db-0', volume: 'data' },
  ...{ claim: 'data-db-0', claimUid: 'claim', persistentVolume: 'pv-1' },
  ...{
    node: 'node-a',
    readThrough: 'db-0',
    clusterUid: 'c',
    repository: 'restic/v1/c/shop',
    copy: COPY,
    ...TIMES,
  },
  proof: {
    ...{ level: 'ReadBack', counts: 'Equal', walkedFiles: 3, walkedBytes: 30 },
    ...{ mountsLeftOut: 0, hasShrunk: false },
  },
};

function report(items: readonly Partial<VolumeCoverage>[]): CoverageReport {
  const row = { namespace: 'shop', source: 'persistentVolumeClaim', action: 'fs-backup' } as const;
  const volumes = { captured: 0, items: items.map((item) => ({ ...row, ...item })), leftOut: {} };
  // The cast: no other part of a report is looked at.
  return { volumes } as unknown as CoverageReport;
}

test('a pod volume backup has all that Velero shows, and no snapshot that it would look for', () => {
  expect(podVolumeBackups(BACKUP, [DATA])).toEqual([
    {
      ...{ kind: 'PodVolumeBackup', apiVersion: 'velero.io/v1' },
      metadata: {
        ...{ name: 'b-4', namespace: 'velero' },
        labels: {
          'velero.io/backup-name': 'b',
          'velero.io/backup-uid': 'run',
          'velero.io/pvc-uid': 'claim',
        },
        annotations: {
          'velero.io/pvc-name': 'data-db-0',
          'holdfast.dev/snapshot-id': SNAPSHOT_ID,
        },
        ownerReferences: [
          { apiVersion: 'velero.io/v1', kind: 'Backup', name: 'b', uid: 'run', controller: true },
        ],
      },
      spec: {
        ...{ node: 'node-a', pod: { kind: 'Pod', namespace: 'shop', name: 'db-0' } },
        ...{ volume: 'data', backupStorageLocation: 'default', uploaderType: 'restic' },
        repoIdentifier: 'restic/v1/c/shop',
        tags: { backup: 'b', 'backup-uid': 'run', ns: 'shop', pod: 'db-0', volume: 'data' },
      },
      status: { phase: 'Completed', ...TIMES, progress: { totalBytes: 30, bytesDone: 30 } },
    },
  ]);
});

test('a claim that no pod mounts has no pod volume backup, and a copy that lacks files has failed', () => {
  const { pod, ...unmounted } = DATA;
  expect(pod).toBe('db-0');
  const incomplete: CopyRecord = { ...DATA, copy: { ...COPY, outcome: 'Incomplete' } };
  expect(podVolumeBackups(BACKUP, [unmounted, incomplete])).toMatchObject([
    { status: { phase: 'Failed', message: 'some files could not be read' } },
  ]);
});

test('each persistent volume has one entry: copied, failed or skipped with the reason', () => {
  const infos = volumeInfos(
    report([
      { pod: 'db-0', volume: 'data', claim: 'data-db-0', persistentVolume: 'pv-1' },
      { pod: 'far', volume: 'd', claim: 'far', persistentVolume: 'pv-2', reason: 'copy-failed' },
      { claim: 'left', persistentVolume: 'pv-3', reason: 'policy-skip' },
      { pod: 'db-0', volume: 'scratch', source: 'emptyDir', reason: 'ephemeral' },
    ]),
    [DATA],
  );
  const common = { pvcNamespace: 'shop', snapshotDataMoved: false, preserveLocalSnapshot: false };
  expect(infos).toEqual([
    {
      ...{ ...common, pvcName: 'data-db-0', pvName: 'pv-1', backupMethod: 'PodVolumeBackup' },
      ...{ skipped: false, result: 'succeeded', ...TIMES },
      pvbInfo: {
        ...{ snapshotHandle: SNAPSHOT_ID, size: 30, uploaderType: 'restic', volumeName: 'data' },
        ...{ podName: 'db-0', podNamespace: 'shop', nodeName: 'node-a', Phase: 'Completed' },
      },
    },
    {
      ...{ ...common, pvcName: 'far', pvName: 'pv-2', backupMethod: 'PodVolumeBackup' },
      ...{ skipped: false, result: 'failed' },
      pvbInfo: {
        ...{ uploaderType: 'restic', volumeName: 'd', podName: 'far', podNamespace: 'shop' },
        Phase: 'Failed',
      },
    },
    {
      ...{ ...common, pvcName: 'left', pvName: 'pv-3', skipped: true },
      skippedReason: 'a volume policy skips it',
    },
  ]);
});
