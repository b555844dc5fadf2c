import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { parseDuration } from '../domain/duration.ts';
import { Failure } from '../domain/failure.ts';
import { type MetricsListener, metricsListenerOf } from '../domain/metrics-listener.ts';
import { requireDnsLabel } from '../domain/names.ts';
import { settingOf } from '../domain/settings.ts';
import { locationsOf, type StorageLocation } from '../domain/storage-location.ts';
import { type WorkerVersion, workerVersionOf } from './worker-version.ts';

const WORKER_ROLES = ['workflows', 'cluster', 'node'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** What a worker process is told by its flags and its environment. */
export interface WorkerConfig {
  readonly roles: readonly WorkerRole[];
  /** The cluster that the role `cluster` serves. */
  readonly cluster: string;
  /** Context of the kubeconfig; the current one when left out. */
  readonly kubeContext?: string;
  /** Holdfast's own namespace in that cluster. */
  readonly namespace: string;
  /** Where metrics are shown; they are not when left out. */
  readonly metrics?: MetricsListener;
  readonly locations: readonly StorageLocation[];
  /** What the role `node` needs to know. */
  readonly node?: NodeConfig;
  /** Image of pods that only mount a volume. */
  readonly image?: string;
  /** How often backups of the cluster are looked for that have had their time, in milliseconds. */
  readonly expiryMs: number;
  /** Networks to which notifications are sent though they are of the machine, or of its link: `127.0.0.0/8`. */
  readonly notificationNetworks: readonly string[];
  /** Compiled workflows; when left out they are compiled at the start. */
  readonly bundlePath?: string;
  /** Version of the workflows; when left out they have none. */
  readonly version?: WorkerVersion;
  /** Whether new runs begin on that version. */
  readonly takesNewRuns: boolean;
}

/** A node and its volumes. */
interface NodeConfig {
  /** Name of the node, as the cluster has it. */
  readonly name: string;
  /** Volumes that are copied at the same time. */
  readonly copiesMax: number;
  /** The kubelet's folder, as this process sees it. */
  readonly kubeletFolder: string;
}

/** Reads and checks the configuration. Throws `invalid-request` that names the flag or variable. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv): WorkerConfig {
  const { values } = parseArgs({ args, options: { role: { type: 'string', default: 'all' } } });
  const node = nodeOf(env);
  const roles = rolesOf(values.role, node);
  const cluster = settingOf(env, 'HOLDFAST_CLUSTER');
  requireDnsLabel(cluster, 'HOLDFAST_CLUSTER');
  const namespace = settingOf(env, 'HOLDFAST_NAMESPACE');
  requireDnsLabel(namespace, 'HOLDFAST_NAMESPACE');
  const kubeContext = env['HOLDFAST_KUBE_CONTEXT'];
  const bundlePath = env['HOLDFAST_WORKFLOW_BUNDLE'];
  const image = env['HOLDFAST_IMAGE'];
  return {
    roles,
    cluster,
    namespace,
    expiryMs: parseDuration(settingOf(env, 'HOLDFAST_EXPIRY_INTERVAL'), 'HOLDFAST_EXPIRY_INTERVAL'),
    notificationNetworks: (env['HOLDFAST_NOTIFICATION_NETWORKS'] ?? '')
      .split(',')
      .filter((network) => network.trim() !== ''),
    locations: roles.some((role) => role !== 'workflows') ? locationsOf(env) : [],
    ...(node === undefined ? {} : { node }),
    ...shownMetrics(env),
    ...(image === undefined ? {} : { image }),
    ...(kubeContext === undefined ? {} : { kubeContext }),
    ...versionOf(roles, env),
    takesNewRuns: settingOf(env, 'HOLDFAST_TAKES_NEW_RUNS') === 'true',
    ...(bundlePath === undefined ? {} : { bundlePath }),
  };
}

/** Workflows that are compiled at the start have no version, as each compilation may be another. */
function versionOf(
  roles: readonly WorkerRole[],
  env: NodeJS.ProcessEnv,
): Pick<WorkerConfig, 'version'> {
  const name = env['HOLDFAST_WORKER_DEPLOYMENT'];
  if (name === undefined || !roles.includes('workflows')) {
    return {};
  }
  requireDnsLabel(name, 'HOLDFAST_WORKER_DEPLOYMENT');
  const bundlePath = env['HOLDFAST_WORKFLOW_BUNDLE'];
  if (bundlePath === undefined || !existsSync(bundlePath)) {
    throw new Failure(
      'invalid-request',
      'HOLDFAST_WORKER_DEPLOYMENT needs compiled workflows; HOLDFAST_WORKFLOW_BUNDLE names no file',
      { subject: 'HOLDFAST_WORKFLOW_BUNDLE' },
    );
  }
  return { version: workerVersionOf(name, bundlePath) };
}

function shownMetrics(env: NodeJS.ProcessEnv): Pick<WorkerConfig, 'metrics'> {
  const metrics = metricsListenerOf(env);
  return metrics === undefined ? {} : { metrics };
}

function nodeOf(env: NodeJS.ProcessEnv): NodeConfig | undefined {
  const name = env['HOLDFAST_NODE_NAME'];
  if (name === undefined) {
    return undefined;
  }
  const copies = settingOf(env, 'HOLDFAST_NODE_COPIES');
  if (!/^[1-9][0-9]?$/.test(copies)) {
    throw new Failure('invalid-request', 'HOLDFAST_NODE_COPIES must be a number from 1 to 99', {
      subject: 'HOLDFAST_NODE_COPIES',
    });
  }
  return {
    name,
    copiesMax: Number(copies),
    kubeletFolder: settingOf(env, 'HOLDFAST_KUBELET_DIR'),
  };
}

/** All roles are those that this process can have: the volumes of a node are seen on that node alone. */
function rolesOf(role: string, node: NodeConfig | undefined): readonly WorkerRole[] {
  if (role === 'node' && node === undefined) {
    throw new Failure(
      'invalid-request',
      'HOLDFAST_NODE_NAME is not set; the role node needs the name of its node',
      { subject: 'HOLDFAST_NODE_NAME' },
    );
  }
  const possible = WORKER_ROLES.filter((known) => known !== 'node' || node !== undefined);
  const roles = possible.filter((known) => role === known || role === 'all');
  if (roles.length === 0) {
    throw new Failure('invalid-request', `--role must be ${WORKER_ROLES.join(', ')} or all`);
  }
  return roles;
}
