import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';

import { createActivities } from '../activities/index.ts';
import { openCluster } from '../activities/kubernetes/client.ts';
import { clusterTaskQueue, WORKFLOW_TASK_QUEUE } from '../domain/workflow-id.ts';
import { openStores } from '../storage/object-store/open.ts';
import type { WorkerConfig, WorkerRole } from './config.ts';
import { writeLog } from './log.ts';
import { TemporalLeases } from './temporal-leases.ts';

/** Workflows whose state a process keeps; the others are replayed when they go on. About 1 MB each. */
const CACHED_WORKFLOWS_MAX = 200;
/** Activities that a process runs at the same time, for all runs together. */
const ACTIVITIES_MAX = 16;
const WORKFLOW_TASKS_MAX = 20;
/** How long running activities may go on after the process was asked to end, and when it ends all the same. */
const GRACE_MS = 10_000;
const FORCE_MS = 30_000;
/** Heartbeats come every 2 s and must not be held back: a cancel arrives with their answer. */
const HEARTBEAT_THROTTLE_MS = 2000;

const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

interface Connected {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Builds one worker per role. */
export async function createWorkers(config: WorkerConfig, connected: Connected): Promise<Worker[]> {
  const installation = await installationOf(connected);
  const options: Readonly<Record<WorkerRole, () => WorkerOptions>> = {
    workflows: () => workflowOptions(config),
    cluster: () => clusterOptions(config, installation, connected),
  };
  return Promise.all(
    config.roles.map((role) =>
      Worker.create({
        ...connected,
        ...options[role](),
        shutdownGraceTime: GRACE_MS,
        shutdownForceTime: FORCE_MS,
      }),
    ),
  );
}

function workflowOptions({ bundlePath }: WorkerConfig): WorkerOptions {
  const isBundled = bundlePath !== undefined && existsSync(bundlePath);
  return {
    taskQueue: WORKFLOW_TASK_QUEUE,
    ...(isBundled
      ? { workflowBundle: { codePath: bundlePath } }
      : { workflowsPath: WORKFLOWS_PATH }),
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_MAX,
  };
}

/**
 * The id of the Temporal namespace: what runs there can be asked about, and runs of another one cannot. Where the
 * worker may not ask for it, its name has to do.
 */
async function installationOf({ connection, namespace }: Connected): Promise<string> {
  try {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    return namespaceInfo?.id ?? namespace;
  } catch (error) {
    writeLog('warn', 'the temporal namespace cannot be described', { namespace, error });
    return namespace;
  }
}

function clusterOptions(
  { cluster, namespace, kubeContext, locations }: WorkerConfig,
  installation: string,
  connected: Connected,
): WorkerOptions {
  return {
    taskQueue: clusterTaskQueue(cluster),
    activities: createActivities({
      cluster: openCluster(kubeContext),
      installation,
      namespace,
      leases: new TemporalLeases(connected),
      store: openStores(locations),
    }),
    maxConcurrentActivityTaskExecutions: ACTIVITIES_MAX,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
  };
}
