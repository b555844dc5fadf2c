import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import type { BackupVolumeList } from '../../domain/volumes/backup-volumes.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import type { LeaseRequest } from '../../domain/volumes/lease-table.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import { repositoryWorkflowId } from '../../domain/workflow-id.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { acquireLeaseUpdate, releaseLeaseSignal } from '../../workflows/contract.ts';
import { watchedVolumes } from '../support/close-looks.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { NodeAgents } from '../support/node-agents.ts';
import { veleroFaults } from '../support/velero-format.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: the volumes of a backup are copied where they are, and what is not copied is told with its reason. Method: real
// pods with claims of the test bed's storage class on both nodes, the agents of deploy/, and restic against the test bed's S3 server.

const FILES = 300;
let installation: Installation;
let namespace: string;
let agents: NodeAgents | undefined;

beforeAll(async () => {
  installation = await Installation.start();
  namespace = await freshNamespace('volumes');
  const fill = [
    `mkdir data/many; for i in $(seq ${String(FILES)}); do echo $i > data/many/$i; done`,
    'echo scratch > cache/file; dd if=/dev/urandom of=data/big bs=1M count=8 2>/dev/null; chown -R 1000:2000 data; chmod 2770 data',
  ].join('\n');
  await Promise.all([
    applyVolumePod({
      ...{ namespace, name: 'web', node: 'node-a', fill },
      ...{ claims: ['data', 'nothing'], emptyDirs: ['cache', 'left'] },
      annotations: { 'backup.velero.io/backup-volumes': 'cache' },
    }),
    applyVolumePod({
      namespace,
      name: 'elsewhere',
      node: 'node-b',
      claims: ['far'],
      fill: 'echo far > far/file',
    }),
    applyVolumePod({
      namespace,
      name: 'gone',
      node: 'node-a',
      claims: ['idle'],
      fill: 'echo idle > idle/file',
    }),
  ]);
  await kubectl('-n', namespace, 'delete', 'pod', 'gone', '--wait');
});

afterAll(async () => {
  await dropNamespaces(namespace);
  await agents?.stop();
  await dropNamespaces(installation.ownNamespace);
  await installation.stop();
});

async function backUp(name: string, spec: object = {}): Promise<BackupResource['status']> {
  await installation.createBackup(name, [namespace], spec);
  return (await installation.ended('backups', name)).status;
}

async function recordsOf(name: string): Promise<readonly CopyRecord[]> {
  const read = await readJsonGz(installation.store(), backupKeys(name).volumes);
  return read as readonly CopyRecord[];
}

function recordOf(records: readonly CopyRecord[], name: string): CopyRecord | undefined {
  return records.find((record) => volumeName(record) === `${namespace}/${name}`);
}

test('without node agents nothing is copied, and each volume says so', async () => {
  const status = await backUp('agentless');
  expect(status.phase).toBe('PartiallyFailed');
  const errors = status.problems?.errors ?? [];
  expect([...new Set(errors.map(({ code }) => code))]).toEqual(['no-node-agent']);
  expect(errors.map(({ subject }) => subject?.replace(`volume ${namespace}/`, '')).sort()).toEqual([
    ...['data', 'far', 'idle', 'nothing', 'web cache'],
  ]);
  expect(errors.find(({ subject }) => subject === `volume ${namespace}/far`)?.message).toBe(
    `the volume ${namespace}/far was not copied: no node agent takes work on the node node-b; deploy it there, or let a volume policy skip the volume`,
  );
});

test('claims with and without a pod, an empty one and an emptyDir are copied on both nodes', async () => {
  agents = await NodeAgents.start(installation);
  await installation.createBackup('first', [namespace]);
  const seen = await watchedVolumes(installation, 'backups', 'first');
  const { status } = await installation.ended('backups', 'first');
  expect(seen.every(({ total }) => total === 5)).toBe(true);
  expect(seen.every(({ failed }) => failed === 0)).toBe(true);
  const items = seen.flatMap((volumes) => volumes.items ?? []);
  expect(items).toContainEqual(
    expect.objectContaining({ name: `${namespace}/data`, state: 'Moving', node: 'node-a' }),
  );
  expect(status).toMatchObject({ phase: 'Completed', errors: 0, warnings: 0 });
  expect(status.volumes).toMatchObject({ total: 5, done: 5, failed: 0, filesDone: FILES + 4 });
  const records = await recordsOf('first');
  expect(recordOf(records, 'data')).toMatchObject({
    ...{ node: 'node-a', readThrough: 'web', pod: 'web', volume: 'data' },
    copy: { outcome: 'Complete', snapshot: { files: FILES + 1 } },
    proof: { level: 'ReadBack', counts: 'Equal', readBack: 'All' },
  });
  expect(recordOf(records, 'far')).toMatchObject({ node: 'node-b', copy: { outcome: 'Complete' } });
  expect(recordOf(records, 'web cache')?.copy).toMatchObject({
    ...{ outcome: 'Complete', snapshot: { files: 1, bytes: 8 } },
  });
  expect(recordOf(records, 'nothing')?.copy).toMatchObject({ outcome: 'Empty' });
  const idle = recordOf(records, 'idle');
  expect(idle).toMatchObject({ copy: { outcome: 'Complete', snapshot: { files: 1, bytes: 5 } } });
  expect(idle?.readThrough).toMatch(/^holdfast-mount-/);
  const { body } = await installation.request<CoverageReport>('GET', '/backups/first/coverage');
  const told = await installation.request<BackupVolumeList>('GET', '/backups/first/volumes');
  expect(told.body.items).toContainEqual(
    expect.objectContaining({ name: `${namespace}/far`, node: 'node-b' }),
  );
  const rows = body.volumes.items
    .filter(({ source }) => source !== 'projected')
    .map((row) => `${volumeName(row)}: ${row.reason ?? row.copy?.outcome ?? ''}`);
  expect(rows.map((row) => row.replace(`${namespace}/`, '')).sort()).toEqual([
    ...['data: Complete', 'far: Complete', 'idle: Complete', 'nothing: Empty'],
    ...['web cache: Complete', 'web left: ephemeral'],
  ]);
  expect(body.volumes.captured).toBe(5);
  const pods = await kubectl('-n', namespace, 'get', 'pods', '-o', 'name');
  expect(pods.trim().split('\n').sort()).toEqual(['pod/elsewhere', 'pod/web']);
});

test('Velero is told of the volumes in a way that lets it restore their pods', async () => {
  const files = new Map<string, Buffer>();
  const store = installation.store();
  for await (const page of store.list('backups/first/')) {
    for (const { key } of page) {
      files.set(key.slice('backups/first/'.length), await readAll(store, key));
    }
  }
  expect(await veleroFaults('first', files)).toEqual([]);
  const { podVolumeBackups, volumeInfo } = backupKeys('first');
  // Each is JSON of this shape, as the check above has found.
  const copies = (await readJsonGz(store, podVolumeBackups)) as { spec: object; status: object }[];
  expect(copies.map(({ spec }) => spec)).toContainEqual(
    expect.objectContaining({ node: 'node-a', volume: 'cache', uploaderType: 'restic' }),
  );
  expect(copies.every(({ status }) => !('snapshotID' in status))).toBe(true);
  const infos = (await readJsonGz(store, volumeInfo)) as { pvcName: string; result?: string }[];
  expect(infos.map(({ pvcName, result = '' }) => `${pvcName} ${result}`).sort()).toEqual([
    ...['data succeeded', 'far succeeded', 'idle succeeded', 'nothing succeeded'],
  ]);
});

/** Has the repository of the namespace in use as by its maintenance, until the function that it gives is called. */
async function whileMaintained(clusterUid: string): Promise<() => Promise<void>> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const key = { location: 'default', clusterUid, namespace };
  const repository = new Client({ connection }).workflow.getHandle(repositoryWorkflowId(key));
  const lease: LeaseRequest = { leaseId: 'of-the-test', purpose: 'Maintenance' };
  const answer = await repository.executeUpdate(acquireLeaseUpdate, { args: [lease] });
  // Nothing of the first backup is left.
  expect(answer).toMatchObject({ kind: 'granted' });
  return async () => {
    await repository.signal(releaseLeaseSignal, lease.leaseId);
    await connection.close();
  };
}

test('a second backup waits for maintenance, reads what has changed, and stores only that', async () => {
  await kubectl('-n', namespace, 'exec', 'web', '--', 'sh', '-c', 'echo new > /volumes/data/new');
  const [copied] = await recordsOf('first');
  const endMaintenance = await whileMaintained(copied?.clusterUid ?? '');
  const ended = backUp('second');
  const waiting = expect.objectContaining({
    ...{ name: `${namespace}/data`, state: 'Waiting' },
    waitingFor: {
      since: expect.any(String) as unknown,
      reason: `the repository of namespace ${namespace} is in use by the maintenance`,
      // Any time: the wait says how long it may last.
      deadline: expect.any(String) as unknown,
    },
  }) as unknown;
  await expect
    .poll(async () => (await installation.look('backups', 'second'))?.status.volumes?.items)
    .toContainEqual(waiting);
  await endMaintenance();
  expect(await ended).toMatchObject({ phase: 'Completed' });
  const [first, second] = await Promise.all([recordsOf('first'), recordsOf('second')]);
  const copy = recordOf(second, 'data')?.copy;
  const before = recordOf(first, 'data')?.copy;
  expect(copy).toMatchObject({
    outcome: 'Complete',
    snapshot: { files: FILES + 2, filesChanged: 1 },
    parent: { files: FILES + 1 },
  });
  const stored = [before, copy].map((one) =>
    one?.outcome === 'Complete' ? one.snapshot.addedBytes : 0,
  );
  expect(stored[0]).toBeGreaterThan(8 * 1024 * 1024);
  expect(stored[1]).toBeLessThan(1024 * 1024);
});

/** Names, modes, owners and contents of what is in the volumes of the pod `web`. */
async function treeOf(pod: string, inNamespace: string): Promise<string> {
  const script = [
    'cd /volumes; find data nothing cache | sort | xargs stat -c "%n %F %a %u:%g"',
    'find data cache -type f | sort | xargs sha256sum',
  ].join('; ');
  return kubectl('-n', inNamespace, 'exec', pod, '--', 'sh', '-c', script);
}

test('a deleted namespace comes back with what was in its volumes, and its pods start when it is there', async () => {
  const before = await treeOf('web', namespace);
  await backUp('whole');
  await deleteNamespace(namespace);
  await installation.createRestore('whole', { backupName: 'whole' });
  const seen = await watchedVolumes(installation, 'restores', 'whole');
  const { status } = await installation.ended('restores', 'whole');
  expect(status).toMatchObject({ phase: 'Completed', errors: 0 });
  expect(status.volumes).toMatchObject({ total: 5, done: 5, failed: 0 });
  // Those of claims come first, then those that pods have of their own.
  expect([...new Set(seen.map(({ total }) => total))]).toEqual([4, 1]);
  expect(seen.flatMap(({ items = [] }) => items)).toContainEqual(
    expect.objectContaining({ name: `${namespace}/data`, state: 'Moving', node: 'node-a' }),
  );
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await treeOf('web', namespace)).toBe(before);
  const pods = await kubectl('-n', namespace, 'get', 'pods', '-o', 'name');
  expect(pods.trim().split('\n').sort()).toEqual(['pod/elsewhere', 'pod/web']);
});

test('a backup that asks for no volumes copies none, and needs no agent', async () => {
  const status = await backUp('none', { snapshotVolumes: false, volumeVerification: 'Counts' });
  expect(status).toMatchObject({ phase: 'Completed', errors: 0 });
  const records = await recordsOf('none');
  // The pod asks for this one by its annotation.
  expect(records.map(volumeName)).toEqual([`${namespace}/web cache`]);
  expect(records[0]?.proof).toMatchObject({ level: 'Counts', counts: 'Equal' });
});
