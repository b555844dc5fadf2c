import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../activities/kubernetes/client.ts';
import { parseExact } from '../../domain/exact-number.ts';
import { fields } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import type { RestoreResult } from '../../domain/restore.ts';
import { applyYaml, type Applied } from '../support/applied-yaml.ts';
import { kubectl } from '../support/kubectl.ts';
import { RestoreSteps } from '../support/restore-steps.ts';
import { GROUP, OWN, PORTS, rulesBackup } from '../support/rules-backup.ts';

// Goal: a real API server takes what the rules make of objects, and has afterwards what they say. Method: a backup of
// objects as another cluster had them is restored once, into a namespace of another name; nothing of it may run.

const cluster = openCluster();
const TARGET = `${OWN}-copy`;
const CLUSTER_SCOPED = [
  ...[`crd/sizes.${GROUP}`, `storageclass/${OWN}`, `validatingwebhookconfiguration/${OWN}`],
];
let config: Applied;
let steps: RestoreSteps;
let result: RestoreResult;

beforeAll(async () => {
  const labels = `labels: {velero.io/plugin-config: "", velero.io/change-storage-class: RestoreItemAction}`;
  config = await applyYaml(
    [OWN, TARGET]
      .map((name) => `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}\n---\n`)
      .join('') +
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: classes, namespace: ${OWN}, ${labels}}, data: {old: ${OWN}}}\n`,
  );
  const spec = {
    namespaceMapping: { shop: TARGET },
    imageMapping: { 'old.io/team': 'new.io' },
    restoreStatus: { includedResources: ['size'] },
  };
  steps = await RestoreSteps.of(rulesBackup(), spec, OWN);
  result = await steps.all(cluster);
});

afterAll(async () => {
  await config.remove();
  await kubectl('delete', ...CLUSTER_SCOPED, '--ignore-not-found', '--wait=false');
  await steps.remove();
  await cluster.close();
});

async function live(resource: string, name = 'x'): Promise<KubernetesObject> {
  const text = await kubectl(
    'get',
    resource,
    name,
    '-n',
    TARGET,
    '-o',
    'json',
    '--show-managed-fields',
  );
  // kubectl prints the object as the server has it.
  return parseExact(text) as KubernetesObject;
}

test('every object comes back, and one without its status is a warning', () => {
  expect(result).toMatchObject({
    phase: 'Completed',
    counts: { created: 11, updated: 1, failed: 0 },
    warnings: 1,
  });
});

test.each([
  {
    resource: 'job',
    wanted: {
      spec: {
        selector: {
          matchLabels: {
            'batch.kubernetes.io/controller-uid': expect.not.stringMatching(/^old$/) as unknown,
          },
        },
        template: { spec: { containers: [{ image: 'new.io/pause:1' }] } },
      },
    },
  },
  {
    resource: 'service',
    wanted: {
      spec: {
        clusterIP: expect.not.stringMatching(/^203\.0\.113\.1$/) as unknown,
        ports: [{ nodePort: 32_711 }, { name: 'given' }],
      },
    },
  },
  { resource: 'rolebinding', wanted: { subjects: [{ name: 'default', namespace: TARGET }] } },
  { resource: 'pvc', wanted: { spec: { storageClassName: OWN } } },
  {
    resource: 'serviceaccount',
    name: 'default',
    wanted: { imagePullSecrets: [{ name: 'pull' }] },
  },
  {
    resource: `size.${GROUP}`,
    wanted: {
      metadata: { managedFields: [{ manager: 'argocd', operation: 'Apply' }] },
      status: { phase: 'Ready' },
    },
  },
  {
    resource: 'validatingwebhookconfiguration',
    name: OWN,
    wanted: { webhooks: [{ sideEffects: 'None' }] },
  },
])('the cluster has the $resource as the rules say', async ({ resource, name, wanted }) => {
  expect(await live(resource, name)).toMatchObject(wanted);
});

test('a node port that the other cluster gave is not kept, and one token is in a pod', async () => {
  const { ports } = fields((await live('service'))['spec']);
  expect(ports).toEqual([
    { ...PORTS[0], targetPort: 80 },
    { name: 'given', port: 81, protocol: 'TCP', targetPort: 81 },
  ]);
  const { volumes, nodeName, containers } = fields((await live('pod'))['spec']);
  expect(volumes).toMatchObject([
    { name: expect.stringMatching(/^kube-api-access-(?!old)/) as unknown },
  ]);
  expect({ nodeName, containers }).toMatchObject({
    nodeName: undefined,
    containers: [{ image: 'new.io/pause:1' }],
  });
});

test('numbers keep their digits, and a status that nobody wants is not there', async () => {
  expect(JSON.stringify((await live(`size.${GROUP}`))['spec'])).toBe('{"bytes":9007199254740993}');
  expect(await live(`size.${GROUP}`, 'plain')).not.toHaveProperty('status');
  expect(await live(`size.${GROUP}`, 'bad')).not.toHaveProperty('status');
});
