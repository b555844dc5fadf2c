import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { expect, test } from 'vitest';

import { parseDuration } from '../../domain/duration.ts';
import { SETTINGS } from '../../domain/settings.ts';
import { CHART, helm, rendered } from '../support/helm.ts';
import { documents, documentsOf, type PodSpec } from '../support/rendered-documents.ts';

// Goal: values reach the processes, and those that would be lost are refused. Method: the real helm renders the chart.

const TEMPORAL = 'temporal={"address":"temporal.temporal.svc:7233"}';
const EVERYTHING = [
  'temporal={"embedded":{"enabled":true}}',
  'metrics={"dashboard":{"enabled":true}}',
  'config={"locations":[{"name":"default","provider":"s3","bucket":"b"}],"trustedProxies":["10.0.0.0/8"],"rateLimitReads":1000000}',
];

test('the schema of the values is that of the settings', () => {
  const generator = fileURLToPath(new URL('../../deploy/values-schema.ts', import.meta.url));
  const schema = readFileSync(`${CHART}/values.schema.json`, 'utf8');
  expect(execFileSync(process.execPath, [generator], { encoding: 'utf8' })).toBe(schema);
});

test('helm finds nothing wrong with the chart', async () => {
  const found = await helm('lint', '--strict', CHART, '--set-json', TEMPORAL);
  expect(found).toContain('0 chart(s) failed');
});

test.each([
  ['config={"rateLimitRead":1}', "additional properties 'rateLimitRead' not allowed"],
  ['config={"rateLimitReads":"many"}', "at '/config/rateLimitReads': got string, want integer"],
  ['config={"drain":"soon"}', "at '/config/drain': 'soon' does not match pattern"],
  ['config={"nodeName":"a"}', "additional properties 'nodeName' not allowed"],
  ['replicas=1', "additional properties 'replicas' not allowed"],
  ['api={"replicas":-1}', "at '/api/replicas'"],
])('values %s are refused', async (values, message) => {
  await expect(rendered(TEMPORAL, values)).rejects.toThrow(message);
});

test.each([
  ['{"address":"t:7233","embedded":{"enabled":true}}', 'is for another Temporal'],
  ['{"tls":{"enabled":true},"embedded":{"enabled":true}}', 'is for another Temporal'],
  ['{"apiKeySecret":{"name":"k"},"embedded":{"enabled":true}}', 'is for another Temporal'],
  [
    '{"address":"t:7233","tls":{"enabled":true,"clientSecret":"c"},"apiKeySecret":{"name":"k"}}',
    'are two ways to say who calls',
  ],
])('a Temporal is not two at once: %s', async (temporal, message) => {
  await expect(rendered(`temporal=${temporal}`)).rejects.toThrow(message);
});

test('a role of a cloud, which opens buckets, is for all accounts but that of workflow workers', async () => {
  const made = await documents(TEMPORAL, 'serviceAccountAnnotations={"role":"r"}');
  const accounts = made.filter(({ kind }) => kind === 'ServiceAccount');
  const withRole = accounts.filter(({ metadata }) => metadata.annotations?.['role'] === 'r');
  expect(accounts).toHaveLength(4);
  expect(withRole.map(({ metadata }) => metadata.name).sort()).toEqual(
    ['api', 'cluster-worker', 'node-agent'].map((component) => `holdfast-${component}`),
  );
});

test('the Prometheus operator knows what the chart makes for it', async () => {
  const made = await documents(
    ...[TEMPORAL, 'metrics={"podMonitor":{"enabled":true},"prometheusRule":{"enabled":true}}'],
  );
  const of = (wanted: string) => made.find(({ kind }) => kind === wanted) as object;
  const monitor = new PodMonitor(of('PodMonitor') as ConstructorParameters<typeof PodMonitor>[0]);
  const rule = new PrometheusRule(
    of('PrometheusRule') as ConstructorParameters<typeof PrometheusRule>[0],
  );
  monitor.validate();
  rule.validate();
  expect(monitor.spec.podMetricsEndpoints).toEqual([{ port: 'metrics', interval: '30s' }]);
  expect(rule.spec.groups?.length).toBeGreaterThan(0);
});

/** A Service, as a cluster finds pods and their ports by it. */
interface MetricsService {
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
  };
}

test('a monitor of services finds the metrics of all pods, and is not there beside one of pods', async () => {
  const made = await documents(TEMPORAL, 'metrics={"serviceMonitor":{"enabled":true}}');
  const found = made.find(({ kind }) => kind === 'ServiceMonitor') as object;
  const monitor = new ServiceMonitor(found as ConstructorParameters<typeof ServiceMonitor>[0]);
  monitor.validate();
  const { matchLabels = {} } = monitor.spec.selector;
  const services = made.filter(
    ({ kind, metadata }) => kind === 'Service' && isSelected(metadata.labels, matchLabels),
  );
  expect(services.map(({ metadata }) => metadata.name)).toEqual(['holdfast-metrics']);
  const [{ spec }] = services as object[] as [MetricsService];
  expect(spec.ports.map(({ name }) => name)).toEqual(
    monitor.spec.endpoints.map(({ port }) => port),
  );
  const pods = made.flatMap((owner) => owner.spec?.template ?? []);
  expect(pods).toHaveLength(4);
  for (const { metadata, spec: pod } of pods) {
    expect(isSelected(metadata.labels, spec.selector), JSON.stringify(metadata)).toBe(true);
    const open = pod.containers.flatMap(({ ports }) => (ports ?? []).map(({ name }) => name));
    expect(open).toContain(spec.ports[0]?.targetPort);
  }
  const both = 'metrics={"podMonitor":{"enabled":true},"serviceMonitor":{"enabled":true}}';
  await expect(rendered(TEMPORAL, both)).rejects.toThrow('would show everything twice');
});

test('workflow workers alone have no share of the API server', async () => {
  const off = '{"enabled":false}';
  const made = await documents(
    ...[TEMPORAL, `api=${off}`, `clusterWorker=${off}`, `nodeAgent=${off}`],
  );
  expect(made.map(({ kind }) => kind)).toContain('Deployment');
  expect(made.map(({ kind }) => kind)).not.toContain('FlowSchema');
});

test('a Temporal has to be named, or asked for', async () => {
  await expect(rendered()).rejects.toThrow(
    'temporal.address is empty; name a Temporal server, or set temporal.embedded.enabled=true',
  );
});

test('settings reach the processes as they read them', async () => {
  const made = await documents(...EVERYTHING);
  const [configuration] = made.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'holdfast',
  );
  expect(configuration?.data).toEqual({
    HOLDFAST_CLUSTER: 'local',
    HOLDFAST_LOCATIONS: '[{"bucket":"b","name":"default","provider":"s3"}]',
    HOLDFAST_RATE_LIMIT_READS: '1000000',
    HOLDFAST_TRUSTED_PROXIES: '10.0.0.0/8',
    TEMPORAL_ADDRESS: 'holdfast-temporal.holdfast.svc:7233',
    TEMPORAL_NAMESPACE: 'default',
  });
});

test('who does not reach buckets has no credentials of them', async () => {
  const made = await documents(TEMPORAL, 'credentials={"existingSecret":"bucket"}');
  const owners = made.flatMap(({ metadata, spec }) =>
    (spec?.template?.spec.containers ?? [])
      .filter(({ envFrom }) => JSON.stringify(envFrom).includes('bucket'))
      .map(() => metadata.name),
  );
  expect(owners.sort()).toEqual(['holdfast-api', 'holdfast-cluster-worker', 'holdfast-node-agent']);
});

test('one prefix moves every image to a mirror', async () => {
  const made = await documents(...EVERYTHING, 'imageRegistry="mirror.test/apps"');
  const images = made.flatMap(({ spec }) =>
    (spec?.template?.spec.containers ?? []).map(({ image }) => image),
  );
  expect(images).toHaveLength(5);
  for (const image of images) {
    expect(image).toMatch(/^mirror\.test\/apps\/(holdfast|temporalio\/temporal):/);
  }
});

test('a cluster that is served from elsewhere has nothing of the API, and the accounts of its own parts alone', async () => {
  const values = `${CHART}/examples/remote-cluster.yaml`;
  const text = await helm('template', 'holdfast', CHART, '-n', 'holdfast', '--values', values);
  expect(text).not.toMatch(/holdfast-(api|workflow-worker)|api\/server\.ts/);
  const made = documentsOf(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(made.sort()).toEqual([
    ...['ClusterRole holdfast-cluster-worker', 'ClusterRole holdfast-node-agent'],
    'ClusterRoleBinding holdfast-cluster-worker',
    'ClusterRoleBinding holdfast-node-agent',
    ...['ConfigMap holdfast', 'DaemonSet holdfast-node-agent'],
    ...['Deployment holdfast-cluster-worker', 'FlowSchema holdfast', 'NetworkPolicy holdfast'],
    'PodDisruptionBudget holdfast-cluster-worker',
    ...['PriorityLevelConfiguration holdfast', 'Role holdfast-node-agent'],
    'RoleBinding holdfast-node-agent',
    ...['ServiceAccount holdfast-cluster-worker', 'ServiceAccount holdfast-node-agent'],
  ]);
});

test('workers of an earlier version go on with its runs, and take no new ones', async () => {
  const made = await documents(
    ...[TEMPORAL, 'config={"workerDeployment":"holdfast"}', 'image={"tag":"2"}'],
    'workflowWorker={"previousVersions":[{"tag":"1"}]}',
  );
  const workers = made.filter(
    ({ kind, spec }) =>
      kind === 'Deployment' &&
      spec?.template?.spec.serviceAccountName === 'holdfast-workflow-worker',
  );
  const seen = workers.map(({ metadata, spec }) => ({
    name: metadata.name,
    component: spec?.selector?.matchLabels['app.kubernetes.io/component'],
    ...takenBy(spec?.template?.spec),
  }));
  const name = expect.stringMatching(/^holdfast-workflow-worker-[0-9a-f]{8}$/) as string;
  const component = expect.stringMatching(/^workflow-worker-[0-9a-f]{8}$/) as string;
  expect(seen).toEqual([
    ...[{ name: 'holdfast-workflow-worker', image: 'holdfast:2', component: 'workflow-worker' }],
    { name, image: 'holdfast:1', takes: 'false', component },
  ]);
});

test('workers of a version that is given up keep what makes them one', async () => {
  const made = await documents(
    ...[TEMPORAL, 'image={"tag":"2"}'],
    'workflowWorker={"previousVersions":[{"tag":"2","workerDeployment":"holdfast"}]}',
  );
  const [, previous] = made.filter(
    ({ kind, metadata }) =>
      kind === 'Deployment' && metadata.name.startsWith('holdfast-workflow-worker'),
  );
  const [{ image, env } = { image: '', env: [] }] = previous?.spec?.template?.spec.containers ?? [];
  expect(image).toBe('holdfast:2');
  expect(env).toContainEqual({ name: 'HOLDFAST_WORKER_DEPLOYMENT', value: 'holdfast' });
});

const DRAIN_S = String(parseDuration(SETTINGS.HOLDFAST_DRAIN.default, 'drain') / 1000);
const VERSIONED = 'config={"workerDeployment":"holdfast"}';

test.each([
  [
    ['workflowWorker={"previousVersions":[{"tag":"1"}]}'],
    'workflowWorker.previousVersions needs config.workerDeployment',
  ],
  [
    [
      ...[VERSIONED, 'image={"tag":"1"}'],
      'workflowWorker={"previousVersions":[{"tag":"1","workerDeployment":"holdfast"}]}',
    ],
    'previousVersions has holdfast:1, which is the image of this version or is there twice',
  ],
  [
    [VERSIONED, 'workflowWorker={"previousVersions":[{"tag":"1"},{"tag":"2"},{"tag":"1"}]}'],
    'previousVersions has holdfast:1, which is the image of this version or is there twice',
  ],
  [
    [VERSIONED, 'image={"tag":"1"}', 'workflowWorker={"previousVersions":[{"tag":"1"}]}'],
    'previousVersions has holdfast:1, which is the image of this version or is there twice',
  ],
  [['config={"auth":[]}'], 'minItems: got 0, want 1'],
  [['auth={"tokensSecret":"tokens"}'], 'config.auth does not name Tokens'],
  [
    ['auth={"tokensSecret":"tokens"}', 'config={"auth":["Kubernetes","OIDC"]}'],
    'config.auth does not name Tokens',
  ],
  [
    [`api={"terminationGracePeriodSeconds":${DRAIN_S}}`],
    `api.terminationGracePeriodSeconds is ${DRAIN_S}, and config.drain is ${SETTINGS.HOLDFAST_DRAIN.default}`,
  ],
  [
    ['config={"drain":"1h1.5m10s500ms"}', 'api={"terminationGracePeriodSeconds":3700}'],
    'is 3700, and config.drain is 1h1.5m10s500ms: an API would be killed before it ends',
  ],
])('values %j, of which some would count for nothing, are refused', async (values, message) => {
  await expect(rendered(TEMPORAL, ...values)).rejects.toThrow(message);
});

test('values that are just enough are taken', async () => {
  await rendered(TEMPORAL, 'auth={"tokensSecret":"t"}', 'config={"auth":["OIDC","Tokens"]}');
  const grace = 'api={"terminationGracePeriodSeconds":3701}';
  await rendered(TEMPORAL, 'config={"drain":"1h1.5m10s500ms"}', grace);
});

test.each([
  [[], ''],
  [undefined, undefined],
  [['a', 'b'], 'a,b'],
])('audiences %j are told to the API as %j', async (authAudiences, told) => {
  const made = await documents(TEMPORAL, `config=${JSON.stringify({ authAudiences })}`);
  const configuration = made.find(({ data }) => data?.['HOLDFAST_CLUSTER'] !== undefined);
  expect(configuration?.data?.['HOLDFAST_AUTH_AUDIENCES']).toBe(told);
});

/** Image of a pod, and whether it takes new runs where it is told. */
function takenBy(pod?: PodSpec): object {
  const [{ image, env } = { image: '', env: [] }] = pod?.containers ?? [];
  return { image, takes: env?.find(({ name }) => name === 'HOLDFAST_TAKES_NEW_RUNS')?.value };
}

function isSelected(
  labels: Readonly<Record<string, string>> | undefined,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([name, value]) => labels?.[name] === value);
}
