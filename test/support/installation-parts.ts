import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { StorageLocation } from '../../domain/storage-location.ts';
import { kubeconfigOf } from './chart-accounts.ts';
import type { ClusterNode } from './empty-cluster.ts';
import { locationFields } from './location-fields.ts';
import { temporalServer, type TemporalServerOptions } from './temporal-server.ts';

/** `agent` is the agent of the node whose volumes this machine sees at the kubelet's own folder. */
export type Part = 'temporal' | 'worker' | 'api' | 'agent';

export interface InstallationOptions {
  /** URL of the S3 server that the processes use; the test bed's own when left out. */
  readonly s3Endpoint?: string;
  /** Location in a folder instead. */
  readonly isFolder?: boolean;
  readonly patience?: string;
  /** Kubeconfig of the worker, if not the test bed's. */
  readonly kubeconfig?: string;
  /** Image of pods that only mount a volume, if not one that the test bed has. */
  readonly mountImage?: string;
  /** Whether an agent of `AGENT_NODE` runs beside the worker, as a process of this machine. */
  readonly hasAgent?: boolean;
  /** The node of that agent, if not of the test bed. */
  readonly agentNode?: ClusterNode;
  /** Prefix of the location in the bucket, if it is not to be a new one. */
  readonly prefix?: string;
  /** Whether the processes are told of no location: a test has to make one. */
  readonly hasNoLocation?: boolean;
  /** Whether nobody sweeps what is frozen past its deadline. */
  readonly isUnswept?: boolean;
  /** How often backups are looked for that have had their time; once an hour when left out. */
  readonly expiryInterval?: string;
  /** Variables of single parts, beside those that all have. */
  readonly environment?: Partial<Record<Part, NodeJS.ProcessEnv>>;
  /** Path of the agent's restic, if not the test bed's. */
  readonly restic?: string;
  /** Parts that are started, if not all but the agent. */
  readonly parts?: readonly Part[];
  /** Whether the processes have the location a second time, as `archive`, which is read-only. */
  readonly hasReadOnlyView?: boolean;
  /** Settings of the Temporal server. */
  readonly temporal?: Pick<
    TemporalServerOptions,
    'metricsPort' | 'eventsSuggested' | 'drainSeconds'
  >;
}

/** Whose account a part has. */
const ACCOUNT_OF = { worker: 'cluster-worker', api: 'api', agent: 'node-agent' } as const;
/** The node of the test bed that has its volumes where a kubelet has them. */
export const AGENT_NODE = 'node-a';
/** Image of pods that only mount a volume; the test bed has it always. */
const MOUNT_IMAGE = 'holdfast.test/busybox:1.35';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the processes of an installation are told. */
export interface PlacedInstallation {
  readonly name: string;
  readonly ownNamespace: string;
  readonly options: InstallationOptions;
  readonly agentNode: string;
  readonly ports: { readonly temporal: number; readonly api: number };
  readonly folder: string;
  readonly location: StorageLocation;
}

/** What is started. */
export function partsOf({ parts, hasAgent }: InstallationOptions): readonly Part[] {
  return parts ?? ['temporal', 'worker', 'api', ...(hasAgent ? ['agent' as const] : [])];
}

/** How a part is started. */
export function commandOf(
  part: Part,
  { options, ports, folder }: PlacedInstallation,
): { command: string; args: string[] } {
  if (part === 'temporal') {
    return temporalServer({ port: ports.temporal, folder, ...options.temporal });
  }
  const args = ['--max-semi-space-size=8', join(ROOT, entryOf(part, options))];
  if (part !== 'agent') {
    return { command: process.execPath, args };
  }
  const [command = '', ...words] = [
    ...(options.agentNode?.enter ?? []),
    ...[process.execPath, ...args, '--role', 'node'],
  ];
  return { command, args: words };
}

function entryOf(part: Part, { isUnswept }: InstallationOptions): string {
  if (part === 'api') {
    return 'api/server.ts';
  }
  return part === 'worker' && isUnswept === true
    ? 'test/support/unswept-worker-main.ts'
    : 'worker/main.ts';
}

/** Environment of a part. */
export function environmentOf(part: Part, placed: PlacedInstallation): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...sharedEnvironment(placed),
    ...accountEnvironment(part, placed.options),
    ...(part === 'agent' ? agentEnvironment(placed) : {}),
    ...placed.options.environment?.[part],
  };
}

/** Each part has the account that the chart gives it, but in a cluster that a test has brought. */
function accountEnvironment(part: Part, { kubeconfig }: InstallationOptions): NodeJS.ProcessEnv {
  const own = part === 'temporal' ? undefined : kubeconfigOf(ACCOUNT_OF[part]);
  const path = kubeconfig ?? own;
  return path === undefined ? {} : { KUBECONFIG: path };
}

function agentEnvironment({ agentNode, options: { restic } }: PlacedInstallation) {
  return {
    HOLDFAST_NODE_NAME: agentNode,
    ...(restic === undefined ? {} : { HOLDFAST_RESTIC: restic }),
  };
}

function sharedEnvironment(placed: PlacedInstallation): NodeJS.ProcessEnv {
  const { name, ownNamespace, options, ports, folder } = placed;
  return {
    MALLOC_ARENA_MAX: '2',
    TEMPORAL_ADDRESS: `127.0.0.1:${String(ports.temporal)}`,
    HOLDFAST_CLUSTER: name,
    HOLDFAST_NAMESPACE: ownNamespace,
    HOLDFAST_API_PORT: String(ports.api),
    HOLDFAST_PUBLIC_URL: `http://127.0.0.1:${String(ports.api)}`,
    HOLDFAST_TEMPORAL_UI_URL: 'http://temporal-ui.invalid',
    ...(options.hasNoLocation === true
      ? {}
      : { HOLDFAST_LOCATIONS: JSON.stringify(locationsOf(placed)) }),
    // Receivers of a test are on this machine.
    HOLDFAST_NOTIFICATION_NETWORKS: '127.0.0.0/8',
    HOLDFAST_IMAGE: options.mountImage ?? MOUNT_IMAGE,
    HOLDFAST_CACHE_DIR: join(folder, 'cache'),
    HOLDFAST_LOG_LEVEL: 'info',
    HOLDFAST_DRAIN: '0s',
    HOLDFAST_PATIENCE: options.patience ?? '5m',
    HOLDFAST_EXPIRY_INTERVAL: options.expiryInterval ?? '1h',
  };
}

function locationsOf({ location, options }: PlacedInstallation): object[] {
  const told = locationFields(location);
  return options.hasReadOnlyView === true
    ? [told, { ...told, name: 'archive', readOnly: true }]
    : [told];
}
