import { type TSchema, Type } from 'typebox';

import { SETTINGS, type Setting } from '../domain/settings.ts';

// The schema of the chart's values: what processes can be told comes from where they read it.

const CLOSED = { additionalProperties: false };
const Text = Type.String();
const Flag = Type.Boolean();
const Count = Type.Integer({ minimum: 0 });
/** What Kubernetes checks itself. */
const Mapping = Type.Object({});
const Sequence = Type.Array(Mapping);
/** Part of the names of objects, or nothing. */
const NamePart = Type.String({ pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$' });
const Duration = Type.String({ pattern: '^\\d+(ms|s|m|h)$' });

function group(fields: Record<string, TSchema>): TSchema {
  return Type.Partial(Type.Object(fields, CLOSED), CLOSED);
}

const Image = group({
  ...{ registry: Text, repository: Text, tag: Text, digest: Text },
  pullPolicy: Type.Enum(['Always', 'IfNotPresent', 'Never']),
});

const PreviousVersion = group({
  ...{ registry: Text, repository: Text, tag: Text, digest: Text, workerDeployment: Text },
});

/** Where pods of a part may run, and what they may use. */
const PLACE = {
  ...{ resources: Mapping, nodeSelector: Mapping, affinity: Mapping },
  ...{ tolerations: Sequence, topologySpreadConstraints: Sequence },
};
const PROCESS = { enabled: Flag, terminationGracePeriodSeconds: Count, ...PLACE };
const WORKER = { replicas: Count, ...PROCESS };
const LABELED = { enabled: Flag, labels: Mapping };

/** `rateLimitReads` for `HOLDFAST_RATE_LIMIT_READS`. */
function valueName(variable: string): string {
  const words = variable.replace(/^HOLDFAST_/, '').toLowerCase();
  return words.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function config(): TSchema {
  const settings: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);
  const chosen = settings.filter(([, { isPlace }]) => isPlace !== true);
  return group(
    Object.fromEntries(
      chosen.map(([variable, { schema, default: standard }]) => [
        valueName(variable),
        { ...schema, ...(standard === undefined ? {} : { 'x-default': standard }) },
      ]),
    ),
  );
}

function valuesSchema(): object {
  const schema = group({
    global: Mapping,
    ...{ imageRegistry: Text, image: Image, imagePullSecrets: Sequence, nameOverride: NamePart },
    config: config(),
    credentials: group({ existingSecret: Text }),
    accessRoles: group({ enabled: Flag }),
    auth: group({ tokensSecret: Text }),
    temporal: group({
      ...{ address: Text, namespace: Text },
      tls: group({ enabled: Flag, serverName: Text, caSecret: Text, clientSecret: Text }),
      apiKeySecret: group({ name: Text, key: Text }),
      embedded: group({
        ...{ enabled: Flag, image: Image, storage: Text, storageClassName: Text, ...PLACE },
      }),
    }),
    api: group({ replicas: Count, ...PROCESS }),
    workflowWorker: group({ ...WORKER, previousVersions: Type.Array(PreviousVersion) }),
    clusterWorker: group(WORKER),
    nodeAgent: group({
      ...{ kubeletDir: Type.String({ pattern: '^/' }), containerSecurityContext: Mapping },
      ...PROCESS,
    }),
    ...{ podSecurityContext: Mapping, containerSecurityContext: Mapping },
    ...{ serviceAccountAnnotations: Mapping, priorityClassName: Text },
    ...{ extraEnv: Sequence, extraObjects: Sequence },
    ...{ extraVolumes: Sequence, extraVolumeMounts: Sequence },
    flowControl: group({ enabled: Flag, shares: Type.Integer({ minimum: 1 }) }),
    networkPolicy: group({
      ...{ enabled: Flag, apiFrom: Sequence, metricsFrom: Sequence, egress: Sequence },
    }),
    metrics: group({
      podMonitor: group({ ...LABELED, interval: Duration }),
      serviceMonitor: group({ ...LABELED, interval: Duration }),
      ...{ prometheusRule: group(LABELED), dashboard: group(LABELED) },
    }),
  });
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema };
}

process.stdout.write(`${JSON.stringify(valuesSchema(), undefined, 2)}\n`);
