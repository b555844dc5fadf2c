import {
  type TaskQueueStatus,
  type TemporalStatus,
  parseTaskQueue,
  withoutCredentials,
} from '../../domain/server-status.ts';
import type { Part } from '../../domain/diagnosis/part.ts';
import { clusterTaskQueue, expiryId, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { partOf } from './part.ts';

/** Longest that one question takes. */
const TIMEOUT_MS = 3000;
const LATE = { code: 'temporal-unreachable', message: 'Temporal does not answer in time' } as const;
const LIMITS = { timeoutMs: TIMEOUT_MS, late: LATE };
/** The most task queues that are looked at, and the most workers or schedules that are read to find them. */
const QUEUES_MAX = 200;
const READ_MAX = 1000;

/** Temporal, and what runs need of its namespace. */
export async function temporalStatus(
  temporal: TemporalRuns,
  address: string,
): Promise<TemporalStatus> {
  const { namespace, connection } = temporal;
  const ask = <Value>(question: () => Promise<Value>): Promise<Part<Value>> =>
    partOf(() => temporal.call(question, TIMEOUT_MS), LIMITS);
  const [system, named, attributes] = await Promise.all([
    ask(() => connection.workflowService.getSystemInfo({})),
    ask(() => connection.workflowService.describeNamespace({ namespace })),
    ask(() => connection.operatorService.listSearchAttributes({ namespace })),
  ]);
  const failed = [system, named].find((part) => 'failure' in part);
  return {
    ...{ address: withoutCredentials(address), namespace },
    isReachable: 'value' in system,
    ...('value' in system ? { serverVersion: system.value.serverVersion } : {}),
    // Where the operator's service is not for everybody, as in Temporal Cloud, nobody knows.
    ...('value' in attributes
      ? { missingSearchAttributes: missing(Object.keys(attributes.value.customAttributes)) }
      : {}),
    ...(failed !== undefined && 'failure' in failed ? { failure: failed.failure } : {}),
  };
}

/** The task queues that Temporal tells of and those that every installation has, each with its workers. */
export async function taskQueueStatus(
  temporal: TemporalRuns,
  { cluster, ownCluster }: { readonly cluster?: string | undefined; readonly ownCluster: string },
): Promise<TaskQueueStatus[]> {
  const [scheduled, heard] = await Promise.all([
    partOf(() => clustersWithSchedule(temporal), LIMITS),
    partOf(() => queuesOfWorkers(temporal), LIMITS),
  ]);
  const clusters = valueOr(scheduled, []);
  const wanted = cluster ?? (clusters.length === 0 ? ownCluster : undefined);
  const names = [
    WORKFLOW_TASK_QUEUE,
    ...[...clusters, ...(wanted === undefined ? [] : [wanted])].map(clusterTaskQueue),
    ...valueOr(heard, []),
  ];
  const queues = [...new Set(names)].slice(0, QUEUES_MAX);
  const found = await Promise.all(queues.map((name) => queueStatus(temporal, name)));
  return found.filter((queue) => queue !== undefined);
}

/** Undefined for a queue of somebody else, who may use the same namespace. */
async function queueStatus(
  temporal: TemporalRuns,
  name: string,
): Promise<TaskQueueStatus | undefined> {
  const queue = parseTaskQueue(name);
  if (queue === undefined) {
    return undefined;
  }
  const type = queue.role === 'workflows' ? 'workflow' : 'activity';
  const workers = await partOf(() => temporal.workersOf(name, type), LIMITS);
  return { ...queue, ...('value' in workers ? { workers: workers.value } : workers) };
}

/** Each worker of a cluster sees to it that the cluster has a schedule by which backups expire. */
async function clustersWithSchedule(temporal: TemporalRuns): Promise<string[]> {
  const prefix = expiryId('');
  const clusters: string[] = [];
  await temporal.call(async () => {
    let read = 0;
    for await (const { scheduleId } of temporal.client.schedule.list()) {
      if (scheduleId.startsWith(prefix)) {
        clusters.push(scheduleId.slice(prefix.length));
      }
      read += 1;
      if (read === READ_MAX) {
        break;
      }
    }
  }, TIMEOUT_MS);
  return clusters;
}

/** Of the workers that tell the server of themselves, as servers from 1.29 on let them. */
async function queuesOfWorkers(temporal: TemporalRuns): Promise<string[]> {
  const { namespace, connection } = temporal;
  const { workersInfo } = await temporal.call(
    () => connection.workflowService.listWorkers({ namespace, pageSize: READ_MAX }),
    TIMEOUT_MS,
  );
  return workersInfo.flatMap(({ workerHeartbeat }) => workerHeartbeat?.taskQueue ?? []);
}

function missing(registered: readonly string[]): string[] {
  return Object.values(SEARCH_ATTRIBUTES)
    .map(({ name }) => name)
    .filter((name) => !registered.includes(name));
}

function valueOr<Value>(part: Part<Value>, otherwise: Value): Value {
  return 'value' in part ? part.value : otherwise;
}
