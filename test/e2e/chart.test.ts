import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { CHART, helm, rendered } from '../support/helm.ts';
import { kubectl } from '../support/kubectl.ts';
import { tryManifests } from '../support/manifests.ts';

// Goal: the chart makes what a cluster takes, and so do the manifests for those without Helm. Method: the real helm and
// kustomize render them, and a real API server is asked without anything being made.

/** Values by what they are about. Kinds of the Prometheus operator, which this cluster does not have, are tried elsewhere. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'with a Temporal of its own': [
    'temporal={"embedded":{"enabled":true}}',
    'metrics={"dashboard":{"enabled":true}}',
  ],
  'with a Temporal that asks for a key, an image by digest, and earlier workers': [
    'temporal={"address":"t:7233","tls":{"enabled":true,"caSecret":"ca"},"apiKeySecret":{"name":"key"}}',
    `image={"repository":"holdfast","digest":"sha256:${'0'.repeat(64)}"}`,
    'imageRegistry="mirror.example"',
    'imagePullSecrets=[{"name":"pull"}]',
    'config={"workerDeployment":"holdfast"}',
    'workflowWorker={"previousVersions":[{"tag":"0.0.9"},{"tag":"0.0.8"}]}',
  ],
  'with tokens, rules for the network, and what is added by hand': [
    'temporal={"address":"t:7233","tls":{"enabled":true,"clientSecret":"client"}}',
    'auth={"tokensSecret":"tokens"}',
    'config={"auth":["Kubernetes","Tokens"]}',
    'networkPolicy={"apiFrom":[{"namespaceSelector":{}}],"metricsFrom":[{"podSelector":{}}],"egress":[{"ports":[{"port":53,"protocol":"UDP"}]}]}',
    'extraEnv=[{"name":"NODE_EXTRA_CA_CERTS","value":"/etc/ca/ca.crt"}]',
    'extraVolumes=[{"name":"ca","configMap":{"name":"ca"}}]',
    'extraVolumeMounts=[{"name":"ca","mountPath":"/etc/ca","readOnly":true}]',
    'extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"more"}}]',
    'priorityClassName="system-cluster-critical"',
    'serviceAccountAnnotations={"role":"r"}',
  ],
};

test.each(Object.entries(VALUES))(
  'a cluster takes all that the chart makes %s',
  async (_, values) => {
    expectTaken(await tried(await rendered(...values)));
  },
);

test('a cluster takes the names of a release of the longest name', async () => {
  const values = [
    ...['temporal.embedded.enabled=true', 'metrics.dashboard.enabled=true'],
    ...['config.workerDeployment=holdfast', 'workflowWorker.previousVersions[0].tag=0.0.9'],
  ].flatMap((value) => ['--set', value]);
  expectTaken(await tried(await helm('template', 'a'.repeat(53), CHART, ...values)));
});

test('a cluster takes what the chart makes for one that is served from elsewhere', async () => {
  const flags = ['--namespace', 'holdfast', '--values', `${CHART}/examples/remote-cluster.yaml`];
  const told = await tried(await helm('template', 'holdfast', CHART, ...flags));
  expectTaken(told, 10);
});

test.each([
  ['with the numbers of users that the chart gives them', []],
  [
    'with those that a cluster gives them',
    [
      'containerSecurityContext={"runAsUser":null,"runAsGroup":null}',
      'podSecurityContext={"fsGroup":null}',
    ],
  ],
])(
  'all processes but the node agent may run where Pod Security is restricted, %s',
  async (...row) => {
    const [, values] = row;
    const namespace = await freshNamespace('chart-restricted');
    onTestFinished(() => dropNamespaces(namespace));
    const level = 'pod-security.kubernetes.io/warn=restricted';
    await kubectl('label', 'namespace', namespace, level);
    const all = ['temporal={"embedded":{"enabled":true}}', ...values];
    const strict = ['-n', namespace, '--server-side', '--force-conflicts', '--warnings-as-errors'];
    const told = await tried(await rendered(...all, 'nodeAgent={"enabled":false}'), strict);
    expect(told).toContain('deployment.apps/holdfast-api serverside-applied (server dry run)');
    await expect(rendered(...all).then((made) => tried(made, strict))).rejects.toThrow(
      /would violate PodSecurity "restricted:latest".*"node-agent"/s,
    );
  },
);

async function tried(objects: string, flags = ['-n', 'default']): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-chart-'));
  const file = join(folder, 'chart.yaml');
  await writeFile(file, objects);
  try {
    return await kubectl('apply', ...flags, '--dry-run=server', '--filename', file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a cluster takes all of the plain manifests, under names that an overlay gives them', async () => {
  const told = await tryManifests({ namespace: 'default', nameSuffix: '-plain' });
  expectTaken(told);
  expect(told).toContain('deployment.apps/holdfast-api-plain created');
});

function expectTaken(told: string, least = 30): void {
  const lines = told.trim().split('\n');
  expect(lines.length).toBeGreaterThan(least);
  for (const line of lines) {
    expect(line).toMatch(/(created|configured|unchanged) \(server dry run\)$/);
  }
}
