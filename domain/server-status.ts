import type { API_VERSION } from './api-resource.ts';
import type { FailureReport } from './failure.ts';
import { WORKFLOW_TASK_QUEUE } from './workflow-id.ts';

/** What takes work from a task queue. */
export const QUEUE_ROLES = ['workflows', 'cluster', 'node', 'plugin'] as const;
type QueueRole = (typeof QUEUE_ROLES)[number];

/** How the parts of an installation are, as the API sees them. What is not known of a part is left out. */
export interface ServerStatus {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Status';
  /** Release of the API. */
  readonly version: string;
  readonly temporal: TemporalStatus;
  readonly taskQueues: readonly TaskQueueStatus[];
  readonly locations: readonly LocationStatus[];
}

export interface TemporalStatus {
  /** Host and port. */
  readonly address: string;
  readonly namespace: string;
  readonly isReachable: boolean;
  readonly serverVersion?: string;
  /** Those that runs have and the namespace does not know. */
  readonly missingSearchAttributes?: readonly string[];
  readonly failure?: FailureReport;
}

export interface TaskQueueStatus {
  readonly name: string;
  readonly role: QueueRole;
  /** Whose it is; left out for that of the workflows. */
  readonly cluster?: string;
  readonly node?: string;
  readonly plugin?: string;
  /** Workers that have asked it for work within the last 75 s. */
  readonly workers?: number;
  /** Why that is not known. */
  readonly failure?: FailureReport;
}

export interface LocationStatus {
  readonly name: string;
  readonly isReachable: boolean;
  readonly failure?: FailureReport;
}

/** Names of clusters and plugins have no dots, and those of nodes may. */
const CLUSTER_QUEUE = /^holdfast\.cluster\.([^.]+)$/;
const OWNED_QUEUE = /^holdfast\.(node|plugin)\.([^.]+)\.(.+)$/;

/** Whose a task queue is, by its name; undefined for one that is none of Holdfast's. */
export function parseTaskQueue(
  name: string,
): Pick<TaskQueueStatus, 'name' | 'role' | 'cluster' | 'node' | 'plugin'> | undefined {
  if (name === WORKFLOW_TASK_QUEUE) {
    return { name, role: 'workflows' };
  }
  const ofCluster = CLUSTER_QUEUE.exec(name)?.[1];
  if (ofCluster !== undefined) {
    return { name, role: 'cluster', cluster: ofCluster };
  }
  const [, role, cluster = '', owner = ''] = OWNED_QUEUE.exec(name) ?? [];
  if (role === undefined) {
    return undefined;
  }
  return role === 'node'
    ? { name, role, cluster, node: owner }
    : { name, role: 'plugin', cluster, plugin: owner };
}

/** An address without the user and the password that a URL may carry. */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z+.-]*:\/\/)?[^/]*@/i, '$1');
}
