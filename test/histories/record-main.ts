import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import { openRoot } from '../../activities/engine/open-root.ts';
import { repositoryPassword } from '../../activities/engine/repository-password.ts';
import { resticConfig } from '../../activities/engine/restic/config.ts';
import { createResticEngine } from '../../activities/engine/restic/engine.ts';
import { openCluster } from '../../activities/kubernetes/client.ts';
import { ensureMasterKey, readMasterKey } from '../../activities/volumes/master-key.ts';
import type { RestorePreview } from '../../domain/api-resource.ts';
import type { LeaseRequest } from '../../domain/volumes/lease-table.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import { type RepositoryKey, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import {
  acquireLeaseUpdate,
  FREEZE_GUARD_WORKFLOW,
  type FreezeGuardInput,
  releaseLeaseSignal,
  REPOSITORY_WORKFLOW,
  type RepositoryInput,
} from '../../workflows/contract.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';
import { backUpReplaced } from '../support/replace-pod.ts';
import { applyWebhook } from '../support/webhook-server.ts';
import { recordDiagnosis } from './record-diagnosis.ts';
import { recordNotifications } from './record-notifications.ts';
import { recordPlugins, recordRegistry } from './record-plugins.ts';
import { recordLeftovers, recordReconciliation } from './record-reconcile.ts';
import { recordSchedules } from './record-schedules.ts';

/** Records a history of each workflow and each way it ends. Run it by `make histories` when a workflow is new. */
const namespace = 'history-recording';
const owned = 'history-recording-owned';
const withVolumes = 'history-recording-volumes';
const withHooks = 'history-recording-hooks';
const hookedPod = {
  ...{ namespace: withHooks, node: AGENT_NODE, name: 'db', claims: ['data'] },
  annotations: {
    'pre.hook.backup.velero.io/command': '["sync"]',
    'post.hook.backup.velero.io/command': '["true"]',
    'post.hook.restore.velero.io/command': '["true"]',
  },
  fill: 'echo a > data/a',
};
const proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
const installation = await Installation.start({
  s3Endpoint: proxy.url,
  patience: '5s',
  hasAgent: true,
});
const connection = await Connection.connect({ address: installation.temporalAddress });
const client = new Client({ connection });

async function record(file: string, workflowId: string): Promise<void> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const path = new URL(`./${file}.json`, import.meta.url);
  await writeFile(
    path,
    `${JSON.stringify(JSON.parse(historyToJSON(history)), withoutIdentity, 1)}\n`,
  );
}

/** Who served an event says nothing about the workflow. */
function withoutIdentity(key: string, value: unknown): unknown {
  return key === 'identity' ? undefined : value;
}

async function backUp(name: string, namespaces: string[]): Promise<void> {
  await installation.createBackup(name, namespaces);
  await installation.ended('backups', name);
}

await fillNamespace(namespace, { type: CONFIG_MAP, count: 1500, bytes: 50 });
await backUp('small', ['default']);
await backUp('sharded', [namespace]);
await backUp('refused', ['no-such-namespace']);
await restore('restored');
proxy.faults = [
  { method: 'GET', matches: (path) => path.endsWith('failed.tar.gz'), effect: 'flip' },
];
await backUp('failed', ['default']);
await installation.request('DELETE', '/backups/failed');
await client.workflow.getHandle('delete/default/failed').result();
proxy.faults = [slow('/cancelled/work/')];
await installation.createBackup('cancelled', [namespace]);
await cancelWhenHeld('backups', 'cancelled');

proxy.faults = [
  { method: 'GET', matches: (path) => path.endsWith('sharded.tar.gz'), effect: 'flip' },
];
await restore('failed');
proxy.faults = [slow('/cancelled/work/')];
await installation.createRestore('cancelled', restoreSpec('cancelled'));
await cancelWhenHeld('restores', 'cancelled');
await installation.createRestore('refused', { backupName: 'no-such-backup' });
await restoreDeferred('deferred');
await fillOwned();
await backUp('owned', [owned]);
await restoreBound('bound');
await backUpVolumes('volumes');
const guard = await backUpHooked('hooked');
await backUpReplaced(installation, 'replaced', hookedPod);
await installation.ended('backups', 'replaced');
await installation.createRestore('hooked', {
  backupName: 'hooked',
  namespaceMapping: { [withHooks]: `${withHooks}-restored` },
});
await installation.ended('restores', 'hooked');
await installation.createRestore('volumes', {
  backupName: 'volumes',
  namespaceMapping: { [withVolumes]: `${withVolumes}-restored` },
});
await installation.ended('restores', 'volumes');

for (const name of ['small', 'sharded', 'refused', 'failed', 'cancelled']) {
  await record(`backup-${name}`, `backup/default/${name}`);
}
for (const name of ['restored', 'refused', 'failed', 'cancelled', 'deferred', 'bound']) {
  await record(name === 'restored' ? 'restore' : `restore-${name}`, `restore/default/${name}`);
}
await record('backup-volumes', 'backup/default/volumes');
await record('backup-volumes-batch', 'backup/default/volumes/volumes-0');
await record('backup-hooks-batch', 'backup/default/hooked/volumes-0');
await record('backup-hooks-batch-replaced', 'backup/default/replaced/volumes-0');
await record('restore-hooks', 'restore/default/hooked');
await record('freeze-guard', guard);
await record('freeze-guard-overdue', await guardOverdue());
await record('restore-volumes', 'restore/default/volumes');
await record('restore-volumes-batch', 'restore/default/volumes/volumes-0');
await record('delete', 'delete/default/failed');
await useRepository('repository');
await record('repository', 'repository');
await installation.request('POST', '/backups?dryRun=All', {
  metadata: { name: 'previewed' },
  spec: { cluster: installation.name, includedNamespaces: ['default'] },
});
await record('preview', await idOf('preview'));
await record('preview-restore', await idOf('previewRestore'));
const recorder = { installation, client, record };
await recordRegistry('uploader', recorder);
await recordPlugins('mover', recorder);
await recordSchedules(recorder);
await recordReconciliation(recorder);
await recordLeftovers(recorder);
await recordDiagnosis(recorder);
await recordNotifications(recorder);
await connection.close();
await installation.stop();
proxy.stop();
const copies = ['restored', 'failed', 'cancelled', 'deferred'].map(
  (name) => `${namespace}-${name}`,
);
const others = [
  owned,
  `${owned}-bound`,
  withVolumes,
  `${withVolumes}-restored`,
  withHooks,
  `${withHooks}-restored`,
  installation.ownNamespace,
];
await Promise.all([namespace, ...others, ...copies].map(deleteNamespace));
process.exit();

/** The id of a workflow of a type, when it is listed. */
async function idOf(workflowType: string): Promise<string> {
  for (;;) {
    for await (const { workflowId } of client.workflow.list({
      query: `WorkflowType = '${workflowType}'`,
    })) {
      return workflowId;
    }
    await sleep(200);
  }
}

function slow(part: string): Fault {
  return { method: 'PUT', matches: (path) => path.includes(part), effect: 'delay', delayMs: 3000 };
}

function restoreSpec(name: string): object {
  return { backupName: 'sharded', namespaceMapping: { [namespace]: `${namespace}-${name}` } };
}

async function restore(name: string): Promise<void> {
  await installation.createRestore(name, restoreSpec(name));
  await installation.ended('restores', name);
}

/** A restore some of whose objects a webhook that nobody serves keeps out. */
async function restoreDeferred(name: string): Promise<void> {
  const guarded = `${namespace}-${name}`;
  const webhook = await applyWebhook({ server: namespace, guarded }, { caBundle: '' });
  await installation.createRestore(name, { ...restoreSpec(name), resourceTimeout: '2s' });
  await installation.ended('restores', name);
  await webhook.remove();
}

/** A namespace with an object that owns another one. */
async function fillOwned(): Promise<void> {
  await fillNamespace(owned, { type: CONFIG_MAP, count: 1, bytes: 50 });
  const name = 'item-00000';
  const uid = await kubectl(
    ...['-n', owned, 'get', 'configmap', name, '-o', 'jsonpath={.metadata.uid}'],
  );
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
  const metadata = { name: 'owned', namespace: owned, ownerReferences };
  await applyYaml(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
}

/** A backup of a claim that a pod mounts, and of one that none does. */
async function backUpVolumes(name: string): Promise<void> {
  await kubectl('create', 'namespace', withVolumes);
  const pod = { namespace: withVolumes, node: AGENT_NODE };
  await applyVolumePod({ ...pod, name: 'gone', claims: ['idle'], fill: 'echo a > idle/a' });
  await kubectl('-n', withVolumes, 'delete', 'pod', 'gone', '--wait');
  await applyVolumePod({
    ...{ ...pod, name: 'web', claims: ['data'], emptyDirs: ['cache'] },
    annotations: { 'backup.velero.io/backup-volumes': 'cache' },
    fill: 'echo a > data/a; echo b > cache/b',
  });
  await backUp(name, [withVolumes]);
}

/** A backup of a pod that is frozen meanwhile. Gives the id of the guard of that. */
async function backUpHooked(name: string): Promise<string> {
  await kubectl('create', 'namespace', withHooks);
  await applyVolumePod(hookedPod);
  await backUp(name, [withHooks]);
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = '${FREEZE_GUARD_WORKFLOW}'`,
  })) {
    return workflowId;
  }
  throw new Error('the pod had no guard');
}

/** The guard of a pod that nobody thaws; it is gone by now. Gives its id. */
async function guardOverdue(): Promise<string> {
  const workflowId = 'freeze-guard-overdue';
  const input: FreezeGuardInput = {
    ...{ cluster: installation.name, podUid: 'gone', runUid: 'gone' },
    ...{ name: 'shop/gone', thawAfterMs: 500 },
  };
  await client.workflow.execute(FREEZE_GUARD_WORKFLOW, {
    ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  });
  return workflowId;
}

/** A restore that is bound to its plan. */
async function restoreBound(name: string): Promise<void> {
  const spec = { backupName: 'owned', namespaceMapping: { [owned]: `${owned}-${name}` } };
  const { body } = await installation.request<RestorePreview>('POST', '/restores?dryRun=All', {
    metadata: { name },
    spec: { cluster: installation.name, ...spec },
  });
  await installation.createRestore(name, { ...spec, planDigest: body.plan.digest });
  await installation.ended('restores', name);
}

/** A repository that a run waits for which closes, that is maintained, and that holds nothing in the end. */
async function useRepository(workflowId: string): Promise<void> {
  const key = { location: 'default', clusterUid: 'cluster', namespace };
  await fillRepository(key);
  const input: RepositoryInput = {
    ...{ ...key, cluster: installation.name },
    rules: { lookMs: 60_000, everyMs: 1000, lockPauseMs: 1000, idleMs: 3000 },
  };
  const ask = (request: LeaseRequest) =>
    client.workflow.executeUpdateWithStart(acquireLeaseUpdate, {
      startWorkflowOperation: new WithStartWorkflowOperation(REPOSITORY_WORKFLOW, {
        ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
      args: [request],
    });
  await ask({ leaseId: 'maintenance', purpose: 'Maintenance' });
  const holder = { workflowId: 'backup/default/closed', runId: randomUUID() };
  await ask({ leaseId: 'closed', purpose: 'Backup', holder });
  const handle = client.workflow.getHandle(workflowId);
  await handle.signal(releaseLeaseSignal, 'maintenance');
  await handle.result();
}

/** A repository with a snapshot that nothing refers to, and with a lock that belongs to nobody. */
async function fillRepository(key: RepositoryKey): Promise<void> {
  const cluster = openCluster();
  await ensureMasterKey(cluster, installation.ownNamespace);
  const masterKey = await readMasterKey(cluster, installation.ownNamespace);
  await cluster.close();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-history-'));
  await writeFile(join(folder, 'file'), 'data');
  const engine = createResticEngine({
    ...resticConfig(process.env),
    cacheDir: join(folder, 'cache'),
  });
  const path = repositoryPath(key.clusterUid, key.namespace);
  const root = await openRoot(folder);
  await engine.backup(
    {
      repository: {
        ...{ location: installation.location('direct'), path },
        password: repositoryPassword(masterKey, key),
      },
      root,
      labels: {
        ...{ clusterUid: key.clusterUid, namespace, volume: 'data', volumeUid: 'uid' },
        ...{ runUid: 'gone', backup: 'gone', part: 0, epoch: '1.0' },
      },
    },
    { key: 'history', signal: new AbortController().signal },
  );
  await root.close();
  await rm(folder, { recursive: true });
  const store = installation.store();
  await store.put(`${path}/locks/${'0'.repeat(64)}`, Buffer.from('left'));
  store.close();
}

async function cancelWhenHeld(plural: 'backups' | 'restores', name: string): Promise<void> {
  const before = proxy.hits;
  while (proxy.hits === before) {
    await sleep(20);
  }
  await installation.request('POST', `/${plural}/${name}:cancel`);
  await installation.ended(plural, name);
}
