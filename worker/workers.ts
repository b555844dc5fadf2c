import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';

import { resticConfig } from '../activities/engine/restic/config.ts';
import { createResticEngine } from '../activities/engine/restic/engine.ts';
import { createActivities } from '../activities/index.ts';
import { openCluster } from '../activities/kubernetes/client.ts';
import type { Cluster } from '../activities/kubernetes/port.ts';
import { LocationRegistry } from '../activities/locations/location-registry.ts';
import { AddressGuard } from '../activities/notifications/address-guard.ts';
import { EndpointRegistry } from '../activities/notifications/endpoint-registry.ts';
import { createNotificationActivities } from '../activities/notifications/index.ts';
import { secretReader } from '../activities/own-secrets.ts';
import { createNodeActivities } from '../activities/node/index.ts';
import {
  clusterTaskQueue,
  nodeTaskQueue,
  notificationTaskQueue,
  WORKFLOW_TASK_QUEUE,
} from '../domain/workflow-id.ts';
import { KEPT_BYTES_MAX, keepRecords } from '../storage/kept-records.ts';
import { LocationSet } from '../storage/location-set.ts';
import { openObjectStore } from '../storage/object-store/open.ts';
import type { WorkerConfig, WorkerRole } from './config.ts';
import { installationId } from './installation-id.ts';
import { measureNotifications, measureVolumes } from './metrics.ts';
import { keepRunLogs } from './run-logs.ts';
import { TemporalLeases } from './temporal-leases.ts';
import { isServed } from './task-queues.ts';
import { versionedOptions } from './worker-version.ts';

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
const HEARTBEATS = {
  maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
  defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
};
const POLLERS_OF_NODE = 2;
const NOTIFICATIONS_MAX = 8;
const POLLERS_OF_NOTIFICATIONS = 1;

const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

interface Connected {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Builds the workers of each role. */
export async function createWorkers(config: WorkerConfig, connected: Connected): Promise<Worker[]> {
  const options: Readonly<Record<WorkerRole, () => readonly WorkerOptions[]>> = {
    workflows: () => [workflowOptions(config)],
    cluster: () => {
      const client = openCluster(config.kubeContext);
      return [clusterOptions(client, config, connected), notificationOptions(client, config)];
    },
    node: () => [nodeOptions(config)],
  };
  return Promise.all(
    config.roles
      .flatMap((role) => options[role]())
      .map((ofRole) =>
        Worker.create({
          ...connected,
          ...ofRole,
          shutdownGraceTime: GRACE_MS,
          shutdownForceTime: FORCE_MS,
        }),
      ),
  );
}

function workflowOptions({ bundlePath, version }: WorkerConfig): WorkerOptions {
  const isBundled = bundlePath !== undefined && existsSync(bundlePath);
  return {
    taskQueue: WORKFLOW_TASK_QUEUE,
    ...(isBundled
      ? { workflowBundle: { codePath: bundlePath } }
      : { workflowsPath: WORKFLOWS_PATH }),
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_MAX,
    ...(version === undefined ? {} : versionedOptions(version)),
  };
}

function clusterOptions(
  client: Cluster,
  config: WorkerConfig,
  connected: Connected,
): WorkerOptions {
  const { cluster, namespace, image } = config;
  const locations = locationsOf(client, config);
  const store = keepRecords((name) => locations.store(name), KEPT_BYTES_MAX);
  return {
    taskQueue: clusterTaskQueue(cluster),
    activities: createActivities({
      cluster: client,
      installation: installationId(connected),
      namespace,
      leases: new TemporalLeases(connected),
      engine: createResticEngine(resticConfig(process.env)),
      ...lookUp(locations),
      store,
      locations: async () => {
        await locations.freshen();
        return locations.all.map(({ name }) => name);
      },
      isServed: (taskQueue) => isServed(connected, taskQueue),
      seenImages: new Map(),
      ...(image === undefined ? {} : { image }),
    }),
    maxConcurrentActivityTaskExecutions: ACTIVITIES_MAX,
    interceptors: { activity: [keepRunLogs(store)] },
    ...HEARTBEATS,
  };
}

/** A queue of its own, and few at a time: receivers that do not answer hold up each other alone. */
function notificationOptions(client: Cluster, config: WorkerConfig): WorkerOptions {
  const { cluster, namespace, notificationNetworks } = config;
  return {
    taskQueue: notificationTaskQueue(cluster),
    activities: createNotificationActivities({
      endpoints: new EndpointRegistry(client, namespace),
      readSecret: secretReader(client, namespace),
      guard: new AddressGuard(notificationNetworks),
    }),
    maxConcurrentActivityTaskExecutions: NOTIFICATIONS_MAX,
    interceptors: { activity: [measureNotifications()] },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: POLLERS_OF_NOTIFICATIONS },
  };
}

/** Activities alone, few of them at a time, and few requests for them: there are as many agents as nodes. */
function nodeOptions(config: WorkerConfig): WorkerOptions {
  const { cluster, namespace, kubeContext, node } = config;
  if (node === undefined) {
    throw new Error('the role node has no node');
  }
  const client = openCluster(kubeContext);
  const known = lookUp(locationsOf(client, config));
  return {
    taskQueue: nodeTaskQueue(cluster, node.name),
    activities: createNodeActivities({
      cluster: client,
      namespace,
      node: node.name,
      kubeletFolder: node.kubeletFolder,
      copiesMax: node.copiesMax,
      ...known,
      engine: createResticEngine(resticConfig(process.env)),
    }),
    maxConcurrentActivityTaskExecutions: node.copiesMax,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: POLLERS_OF_NODE },
    interceptors: { activity: [measureVolumes(), keepRunLogs(known.store, node.name)] },
    ...HEARTBEATS,
  };
}

function lookUp(locations: LocationSet) {
  return {
    location: (name: string) => locations.find(name),
    store: (name: string) => locations.store(name),
    refreshLocations: () => locations.refresh(),
  };
}

/** The locations of the configuration, and those that are kept in the cluster. */
function locationsOf(cluster: Cluster, { locations, namespace }: WorkerConfig): LocationSet {
  const secrets = secretReader(cluster, namespace);
  return new LocationSet({
    fixed: locations,
    source: new LocationRegistry(cluster, namespace),
    open: (location) => openObjectStore(location, secrets),
  });
}
