import { parseArgs } from 'node:util';

import { DEFAULT_CLUSTER } from '../domain/backup.ts';
import { Failure } from '../domain/failure.ts';
import { requireDnsLabel } from '../domain/names.ts';
import { locationsOf, type StorageLocation } from '../domain/storage-location.ts';

const WORKER_ROLES = ['workflows', 'cluster'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

const DEFAULT_NAMESPACE = 'holdfast';

/** What a worker process is told by its flags and its environment. */
export interface WorkerConfig {
  readonly roles: readonly WorkerRole[];
  /** The cluster that the role `cluster` serves. */
  readonly cluster: string;
  /** Context of the kubeconfig; the current one when left out. */
  readonly kubeContext?: string;
  /** Holdfast's own namespace in that cluster. */
  readonly namespace: string;
  readonly locations: readonly StorageLocation[];
  /** Compiled workflows; when left out they are compiled at the start. */
  readonly bundlePath?: string;
}

/** Reads and checks the configuration. Throws `invalid-request` that names the flag or variable. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv): WorkerConfig {
  const { values } = parseArgs({ args, options: { role: { type: 'string', default: 'all' } } });
  const roles = rolesOf(values.role);
  const cluster = env['HOLDFAST_CLUSTER'] ?? DEFAULT_CLUSTER;
  requireDnsLabel(cluster, 'HOLDFAST_CLUSTER');
  const namespace = env['HOLDFAST_NAMESPACE'] ?? DEFAULT_NAMESPACE;
  requireDnsLabel(namespace, 'HOLDFAST_NAMESPACE');
  const kubeContext = env['HOLDFAST_KUBE_CONTEXT'];
  const bundlePath = env['HOLDFAST_WORKFLOW_BUNDLE'];
  return {
    roles,
    cluster,
    namespace,
    locations: roles.includes('cluster') ? locationsOf(env) : [],
    ...(kubeContext === undefined ? {} : { kubeContext }),
    ...(bundlePath === undefined ? {} : { bundlePath }),
  };
}

function rolesOf(role: string): readonly WorkerRole[] {
  const roles = WORKER_ROLES.filter((known) => role === known || role === 'all');
  if (roles.length === 0) {
    throw new Failure('invalid-request', `--role must be ${WORKER_ROLES.join(', ')} or all`);
  }
  return roles;
}
