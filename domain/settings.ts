import { type TSchema, Type } from 'typebox';

import { DEFAULT_CLUSTER } from './backup.ts';
import { DEFAULT_NAMESPACE } from './names.ts';

/** A variable of the environment of processes. */
export interface Setting {
  /** Shape of the value as a file of values has it; in the environment lists are separated by commas, or are JSON. */
  readonly schema: TSchema;
  /** Text that stands for it when it is left out. */
  readonly default?: string;
  /** Whether it tells a process where it is, and is no choice of who installs it. */
  readonly isPlace?: true;
}

/** A Go duration. */
const DURATION = '^(\\d+(\\.\\d+)?(ms|h|m|s))+$';
const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const NETWORK = '^[0-9a-fA-F.:]+/\\d{1,3}$';

function text(description: string, more: object = {}): TSchema {
  return Type.String({ minLength: 1, description, ...more });
}

function duration(description: string): TSchema {
  return text(`${description}: a Go duration such as 30m`, { pattern: DURATION });
}

function networks(description: string): TSchema {
  return Type.Array(Type.String({ pattern: NETWORK }), { description });
}

function count(description: string, more: object = {}): TSchema {
  return Type.Integer({ minimum: 1, description, ...more });
}

/**
 * Every variable that processes of a server read beside those of Temporal, AWS and Kubernetes: the one source of what the
 * processes take for one that is left out, of the schema of the chart's values, and of what the documentation has to list.
 */
export const SETTINGS = {
  HOLDFAST_LOCATIONS: {
    schema: Type.Array(Type.Object({}), {
      description: 'storage locations beside those that are kept as resources',
    }),
  },
  HOLDFAST_CLUSTER: {
    schema: text('name of the cluster that is served', { pattern: DNS_LABEL, maxLength: 63 }),
    default: DEFAULT_CLUSTER,
  },
  HOLDFAST_NAMESPACE: {
    isPlace: true,
    default: DEFAULT_NAMESPACE,
    schema: text("Holdfast's own namespace in the cluster", { pattern: DNS_LABEL }),
  },
  HOLDFAST_KUBE_CONTEXT: {
    isPlace: true,
    schema: text('context of the kubeconfig'),
  },
  HOLDFAST_NODE_NAME: {
    isPlace: true,
    schema: text('name of the node whose volumes are seen'),
  },
  HOLDFAST_NODE_COPIES: {
    schema: count('volumes that the agent of a node copies at the same time', { maximum: 99 }),
    default: '2',
  },
  HOLDFAST_KUBELET_DIR: {
    isPlace: true,
    default: '/var/lib/kubelet',
    schema: text("the kubelet's folder, as it is on the nodes", { pattern: '^/' }),
  },
  HOLDFAST_RESTIC: {
    isPlace: true,
    default: 'restic',
    schema: text('the program restic'),
  },
  HOLDFAST_CACHE_DIR: {
    isPlace: true,
    default: '/var/cache/holdfast',
    schema: text('folder of the cache of restic', { pattern: '^/' }),
  },
  HOLDFAST_IMAGE: {
    isPlace: true,
    schema: text('image of pods that only mount a volume'),
  },
  HOLDFAST_WORKFLOW_BUNDLE: {
    isPlace: true,
    schema: text('file with compiled workflows'),
  },
  HOLDFAST_WORKER_DEPLOYMENT: {
    schema: text('worker deployment of Temporal whose versions workflow workers are', {
      pattern: DNS_LABEL,
    }),
  },
  HOLDFAST_TAKES_NEW_RUNS: {
    isPlace: true,
    default: 'true',
    schema: Type.Boolean({
      description: 'whether new runs begin on the version of this worker, or it only ends its own',
    }),
  },
  HOLDFAST_API_HOST: {
    isPlace: true,
    default: '127.0.0.1',
    schema: text('address that the API listens at'),
  },
  HOLDFAST_API_PORT: {
    isPlace: true,
    default: '8080',
    schema: Type.Integer({ minimum: 0, maximum: 65_535, description: 'port of the API' }),
  },
  HOLDFAST_AUTH: {
    schema: Type.Array(Type.Enum(['Kubernetes', 'Tokens', 'OIDC', 'None']), {
      minItems: 1,
      description:
        'how callers of the API say who they are; None only on an address of the machine itself',
    }),
  },
  HOLDFAST_AUTH_AUDIENCES: {
    // Tokens of service accounts are meant for us alone, so that no service that is sent one can use it elsewhere.
    schema: Type.Array(Type.String(), { description: "audiences of the cluster's tokens" }),
    default: 'holdfast',
  },
  HOLDFAST_AUTH_TOKENS_FILE: {
    isPlace: true,
    schema: text('file of the static tokens'),
  },
  HOLDFAST_OIDC_ISSUER: { schema: text('URL of the issuer of OIDC tokens') },
  HOLDFAST_OIDC_CLIENT_ID: { schema: text('audience of OIDC tokens') },
  HOLDFAST_OIDC_USERNAME_CLAIM: {
    schema: text('claim with the name of the user'),
    default: 'sub',
  },
  HOLDFAST_OIDC_USERNAME_PREFIX: {
    schema: text('what names of users begin with; - for nothing'),
  },
  HOLDFAST_OIDC_GROUPS_CLAIM: {
    schema: text('claim with the groups of the user'),
    default: 'groups',
  },
  HOLDFAST_OIDC_GROUPS_PREFIX: {
    schema: text('what names of groups begin with; - for nothing'),
  },
  // A hundred reads and ten changes a second: above what a person or a pipeline sends, and below what fills a process.
  HOLDFAST_RATE_LIMIT_READS: {
    schema: count('reads that one caller may send to one process in a minute'),
    default: '6000',
  },
  HOLDFAST_RATE_LIMIT_WRITES: {
    schema: count('changes that one caller may send to one process in a minute'),
    default: '600',
  },
  HOLDFAST_AUDIT_LOG: {
    schema: text('where the audit log goes: - for standard output, off, or a file'),
  },
  HOLDFAST_TRUSTED_PROXIES: {
    schema: networks('networks of proxies that are believed about whom they speak for'),
  },
  HOLDFAST_METRICS_PORT: {
    isPlace: true,
    schema: Type.Integer({
      minimum: 1,
      maximum: 65_535,
      description: 'port of metrics and probes',
    }),
  },
  HOLDFAST_METRICS_HOST: {
    isPlace: true,
    default: '127.0.0.1',
    schema: text('address of metrics and probes'),
  },
  HOLDFAST_EXPIRY_INTERVAL: {
    schema: duration('how often backups are looked for that have had their time'),
    // As often as Velero.
    default: '1h',
  },
  HOLDFAST_NOTIFICATION_NETWORKS: {
    schema: networks(
      'networks to which notifications are sent though they are of the machine or its link',
    ),
  },
  HOLDFAST_PATIENCE: {
    schema: duration('how long a step keeps trying when a server does not answer'),
  },
  // Who balances requests notices within seconds that a process is not ready any more.
  HOLDFAST_DRAIN: {
    schema: duration('how long the API goes on answering after SIGTERM'),
    default: '5s',
  },
  HOLDFAST_REVEAL_SECRETS: {
    schema: Type.Boolean({
      description:
        'whether values of Secrets are shown to everybody, where nobody is asked who calls',
    }),
  },
  HOLDFAST_TEMPORAL_UI_URL: {
    schema: text('where the Temporal UI is, for links', { pattern: '^https?://' }),
  },
  HOLDFAST_PUBLIC_URL: {
    schema: text('where people reach the API, for links from the Temporal UI', {
      pattern: '^https?://',
    }),
  },
  HOLDFAST_LOG_LEVEL: {
    schema: Type.Enum(['trace', 'debug', 'info', 'warn', 'error'], {
      description: 'what is logged',
    }),
    default: 'info',
  },
} as const satisfies Readonly<Record<string, Setting>>;

type SettingName = keyof typeof SETTINGS;
/** Those that have a value when they are left out. */
type DefaultedName = {
  [Name in SettingName]: (typeof SETTINGS)[Name] extends { default: string } ? Name : never;
}[SettingName];

/** The text of a setting in an environment, or what stands for it. */
export function settingOf(
  env: Readonly<Record<string, string | undefined>>,
  name: DefaultedName,
): string {
  return env[name] ?? SETTINGS[name].default;
}
