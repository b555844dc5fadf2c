import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';

import { type AccessConfig, readAccessConfig } from './access/config.ts';
import { parseDuration } from '../domain/duration.ts';
import { Failure } from '../domain/failure.ts';
import { type MetricsListener, metricsListenerOf } from '../domain/metrics-listener.ts';
import { requireDnsLabel } from '../domain/names.ts';
import { settingOf } from '../domain/settings.ts';
import { locationsOf, type StorageLocation } from '../domain/storage-location.ts';

const PORT_MAX = 65_535;

/** What the API process is told by its environment. */
export interface ApiConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where metrics and probes are; metrics are not shown without it. */
  readonly metrics?: MetricsListener;
  readonly locations: readonly StorageLocation[];
  /** Holdfast's own namespace, in which locations are kept. */
  readonly namespace: string;
  /** Context of the kubeconfig; the current one when left out. */
  readonly kubeContext?: string;
  readonly temporal: {
    readonly connection: ConnectionOptions;
    readonly namespace: string;
    /** Where the Temporal UI is; links are left out without it. */
    readonly uiUrl?: string;
  };
  /** Where users reach the API, for links in the Temporal UI; there are none without it. */
  readonly publicUrl?: string;
  /** Passed on to the runs, in milliseconds. */
  readonly patienceMs?: number;
  /** How long the process goes on answering after SIGTERM, in milliseconds. */
  readonly drainMs: number;
  /** Who may call. */
  readonly access: AccessConfig;
  /** Whether values of Secrets are shown to who asks for them, where nobody is asked who calls. */
  readonly isRevealAllowed: boolean;
  readonly logLevel: string;
}

/** Reads and checks the environment. Throws `invalid-request` that names the variable. */
export function readConfig(env: NodeJS.ProcessEnv): ApiConfig {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const uiUrl = env['HOLDFAST_TEMPORAL_UI_URL'];
  const patience = env['HOLDFAST_PATIENCE'];
  const metrics = metricsListenerOf(env);
  const host = settingOf(env, 'HOLDFAST_API_HOST');
  return {
    host,
    port: portOf(settingOf(env, 'HOLDFAST_API_PORT')),
    ...(metrics === undefined ? {} : { metrics }),
    locations: locationsOf(env),
    ...ownNamespace(env),
    temporal: {
      connection: connectionOptions,
      namespace: namespace ?? 'default',
      ...(uiUrl === undefined ? {} : { uiUrl: uiUrl.replace(/\/$/, '') }),
    },
    ...publicUrlOf(env['HOLDFAST_PUBLIC_URL']),
    ...(patience === undefined ? {} : { patienceMs: parseDuration(patience, 'HOLDFAST_PATIENCE') }),
    drainMs: parseDuration(settingOf(env, 'HOLDFAST_DRAIN'), 'HOLDFAST_DRAIN'),
    access: readAccessConfig(env, host),
    isRevealAllowed: env['HOLDFAST_REVEAL_SECRETS'] === 'true',
    logLevel: settingOf(env, 'HOLDFAST_LOG_LEVEL'),
  };
}

function publicUrlOf(text: string | undefined): Pick<ApiConfig, 'publicUrl'> {
  if (text === undefined) {
    return {};
  }
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new Failure('invalid-request', 'HOLDFAST_PUBLIC_URL must be a URL with http or https');
  }
  return { publicUrl: text.replace(/\/$/, '') };
}

function ownNamespace(env: NodeJS.ProcessEnv): Pick<ApiConfig, 'namespace' | 'kubeContext'> {
  const namespace = settingOf(env, 'HOLDFAST_NAMESPACE');
  requireDnsLabel(namespace, 'HOLDFAST_NAMESPACE');
  const kubeContext = env['HOLDFAST_KUBE_CONTEXT'];
  return { namespace, ...(kubeContext === undefined ? {} : { kubeContext }) };
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw new Failure('invalid-request', 'HOLDFAST_API_PORT must be a port number');
  }
  return port;
}
