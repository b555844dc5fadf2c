import { randomUUID } from 'node:crypto';

import { EndpointRegistry } from '../../activities/notifications/endpoint-registry.ts';
import { openCluster } from '../../activities/kubernetes/client.ts';
import type { BackupSpec } from '../../domain/backup.ts';
import { pingEvent } from '../../domain/notifications/event.ts';
import {
  backupWorkflowId,
  deliverWorkflowId,
  expiryId,
  notifyWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import {
  BACKUP_WORKFLOW,
  type BackupInput,
  DELIVER_NOTIFICATION_WORKFLOW,
  type DeliverInput,
  EXPIRE_BACKUPS_WORKFLOW,
  type ExpireBackupsInput,
} from '../../workflows/contract.ts';
import { EventReceiver } from '../support/event-receiver.ts';
import type { Recorder } from './record-plugins.ts';

const ENDPOINT = 'recorder';

/** Runs that tell of themselves, their notifications, and one that is given up. */
export async function recordNotifications(recorder: Recorder): Promise<void> {
  const { installation, client, record } = recorder;
  const receiver = await EventReceiver.start();
  const cluster = openCluster();
  const endpoints = new EndpointRegistry(cluster, installation.ownNamespace);
  await endpoints.create(ENDPOINT, { url: receiver.url });
  const run = installation.createBackup('told', ['default']);
  const { uid } = (await run).body.metadata;
  await installation.ended('backups', 'told');
  const restored = await installation.createRestore('told', {
    ...{ backupName: 'told', includedResources: ['configmaps'] },
    namespaceMapping: { default: `${installation.ownNamespace}-told` },
  });
  await installation.ended('restores', 'told');
  const eventId = `${uid}-ended`;
  for (const id of [notifyWorkflowId(eventId), deliverWorkflowId(eventId, ENDPOINT)]) {
    await client.workflow.getHandle(id).result();
  }
  await record('backup-told', 'backup/default/told');
  await record('restore-told', 'restore/default/told');
  await record('notify', notifyWorkflowId(eventId));
  await record('deliver-notification', deliverWorkflowId(eventId, ENDPOINT));
  await recordRefused(recorder);
  await recordAway(recorder);
  receiver.stop();
  await recordGivenUp(recorder);
  await endpoints.remove(ENDPOINT);
  await cluster.close();
  await client.workflow.getHandle(notifyWorkflowId(`${restored.body.metadata.uid}-ended`)).result();
}

/** A backup of a schedule that is refused, which nobody waits for. */
async function recordRefused({ installation, client, record }: Recorder): Promise<void> {
  const { body } = await installation.request<{ spec: BackupSpec }>('GET', '/backups/told');
  const input: BackupInput = {
    ...{ location: 'default', name: 'told-refused', specDigest: 'none' },
    spec: { ...body.spec, scheduleName: 'nightly', includedNamespaces: ['no-such-namespace'] },
  };
  const workflowId = backupWorkflowId(input);
  const options = { workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] };
  await client.workflow.execute(BACKUP_WORKFLOW, options).catch(() => undefined);
  await record('backup-told-refused', workflowId);
}

/** A look for backups that have had their time, with a location that does not answer. */
async function recordAway({ installation, client, record }: Recorder): Promise<void> {
  const away = { provider: 's3', bucket: 'away', endpoint: 'http://127.0.0.1:1' };
  await installation.request('POST', '/storage-locations?check=false', {
    ...{ metadata: { name: 'away' }, spec: away },
  });
  const input: ExpireBackupsInput = { cluster: installation.name };
  const workflowId = `${expiryId(installation.name)}-away`;
  await client.workflow.execute(EXPIRE_BACKUPS_WORKFLOW, {
    ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  });
  await record('expire-backups-away', workflowId);
  await installation.request('DELETE', '/storage-locations/away');
}

/** A delivery to a receiver that does not answer, and that is tried once. */
async function recordGivenUp({ installation, client, record }: Recorder): Promise<void> {
  const { name: cluster } = installation;
  const event = pingEvent(
    { cluster, endpoint: ENDPOINT, id: randomUUID() },
    '2026-03-01T10:00:00Z',
  );
  const plan = { attempts: 1, firstMs: 100, maxMs: 100 };
  const input: DeliverInput = { cluster, event, endpoint: ENDPOINT, plan };
  const workflowId = deliverWorkflowId(event.id, ENDPOINT);
  const options = { workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] };
  await client.workflow.execute(DELIVER_NOTIFICATION_WORKFLOW, options).catch(() => undefined);
  await record('deliver-notification-given-up', workflowId);
}
