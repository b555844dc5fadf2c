import { setTimeout as sleep } from 'node:timers/promises';

import type { ScheduledRun, ScheduleResource } from '../../domain/api-resource.ts';
import { expiryId, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { EXPIRE_BACKUPS_WORKFLOW, type ExpireBackupsInput } from '../../workflows/contract.ts';
import type { Recorder } from './record-plugins.ts';

/**
 * What schedules start: a backup that has others deleted, one that is refused, one whose name is taken, one that somebody
 * cancels; and expiry.
 */
export async function recordSchedules({ installation, client, record }: Recorder): Promise<void> {
  const { name: cluster } = installation;
  const spec = { schedule: '0 1 * * *', paused: true, retention: { keepLast: 1 } };
  const create = (name: string, namespace: string) =>
    installation.request('POST', '/schedules', {
      metadata: { name },
      spec: {
        ...spec,
        template: { cluster, includedNamespaces: [namespace], includedResources: ['configmaps'] },
      },
    });
  const verb = (name: string, which: string, body: object = {}) =>
    installation.request('POST', `/schedules/${name}:${which}`, body);
  /** Waits until a schedule has ended so many times; gives the newest. */
  const ended = async (name: string, times: number): Promise<ScheduledRun | undefined> => {
    for (;;) {
      const { body } = await installation.request<ScheduleResource>('GET', `/schedules/${name}`);
      const { recent = [] } = body.status;
      if (recent.length === times && recent.every(({ phase }) => phase !== 'InProgress')) {
        return recent[0];
      }
      await sleep(100);
    }
  };
  const newest = async (name: string): Promise<string> => {
    const query = `WorkflowId STARTS_WITH 'schedule/${name}-'`;
    const found = [];
    for await (const info of client.workflow.list({ query })) {
      found.push(info);
    }
    found.sort((left, right) => right.startTime.getTime() - left.startTime.getTime());
    return found[0]?.workflowId ?? '';
  };
  const range = { startTime: '2026-03-10T00:00:00Z', endTime: '2026-03-10T12:00:00Z' };
  await create('nightly', 'default');
  await verb('nightly', 'trigger');
  await ended('nightly', 1);
  await verb('nightly', 'backfill', range);
  await ended('nightly', 2);
  await record('scheduled-backup', await newest('nightly'));
  await verb('nightly', 'backfill', range);
  await ended('nightly', 3);
  await record('scheduled-backup-skipped', await newest('nightly'));
  await create('doomed', 'no-such-namespace');
  await verb('doomed', 'trigger');
  await ended('doomed', 1);
  await record('scheduled-backup-failed', await newest('doomed'));
  await create('halted', 'default');
  await verb('halted', 'trigger');
  await cancelNewest(installation, 'halted');
  await ended('halted', 1);
  await record('scheduled-backup-cancelled', await newest('halted'));
  const input: ExpireBackupsInput = { cluster };
  const workflowId = `${expiryId(cluster)}-recorded`;
  await client.workflow.execute(EXPIRE_BACKUPS_WORKFLOW, {
    ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  });
  await record('expire-backups', workflowId);
}

async function cancelNewest(
  installation: Recorder['installation'],
  schedule: string,
): Promise<void> {
  for (;;) {
    const path = `/schedules/${schedule}`;
    const { body } = await installation.request<ScheduleResource>('GET', path);
    const [run] = body.status.recent ?? [];
    const cancel = `/backups/${run?.backup ?? ''}:cancel`;
    if (run !== undefined && (await installation.request('POST', cancel)).status === 202) {
      return;
    }
    await sleep(20);
  }
}
