import { afterAll, beforeAll, expect, test } from 'vitest';

import type { KubernetesObject } from '../../domain/item.ts';
import { NO_RESTORE_COUNTS, type RestoreCounts } from '../../domain/restore.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { restoreReport } from '../support/restore-report.ts';
import { applySkewFixture } from '../support/skew-cluster.ts';

// Goal: a restore of what is there already changes nothing, and says so; what differs is changed or made anew as the
// request says. Method: an application with pods and their
// owners, in a cluster where nothing runs that would change it; the versions of its objects tell what was written.

const namespace = 'twice';
/** Written all the time, or by the restore's own objects. */
const NOT_COMPARED = new Set(['events', 'events.events.k8s.io', 'leases.coordination.k8s.io']);
let cluster: EmptyCluster;
let installation: Installation;

beforeAll(async () => {
  cluster = await EmptyCluster.start({ hasControllers: true });
  installation = await Installation.start({ kubeconfig: cluster.kubeconfig });
  await applySkewFixture(namespace, cluster.kubeconfig);
  await applyYaml(changeable({ image: 'old', data: 'old' }), cluster.kubeconfig);
  const replicas = ['--for=jsonpath={.status.replicas}=1', 'deployment/web', '--timeout=60s'];
  await onCluster('-n', namespace, 'wait', ...replicas);
  expect((await installation.createBackup('app', [namespace])).status).toBe(202);
  expect((await installation.ended('backups', 'app')).status.phase).toBe('Completed');
  await onCluster('delete', 'namespace', namespace, '--timeout=120s');
});

afterAll(async () => {
  await installation.stop();
  await cluster.stop();
});

/** A job that never runs, a service with a node port, and a secret that cannot be changed. */
function changeable({ image, data }: { image: string; data: string }): string {
  return `
apiVersion: batch/v1
kind: Job
metadata: {name: work, namespace: ${namespace}}
spec:
  suspend: true
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "${image}"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: ports, namespace: ${namespace}}
spec: {type: NodePort, ports: [{name: http, port: 80}, {name: https, port: 443}]}
---
apiVersion: v1
kind: Secret
metadata: {name: sealed, namespace: ${namespace}}
immutable: true
stringData: {value: ${data}}
`;
}

function onCluster(...args: string[]): Promise<string> {
  return kubectl('--kubeconfig', cluster.kubeconfig, ...args);
}

interface Restored {
  readonly counts: RestoreCounts;
  /** Its items, with what it did to each. */
  readonly report: readonly string[];
}

async function restore(name: string, spec: object): Promise<Restored> {
  expect((await installation.createRestore(name, { backupName: 'app', ...spec })).status).toBe(202);
  const { status } = await installation.ended('restores', name);
  expect(status).toMatchObject({ phase: 'Completed', counts: { failed: 0 } });
  // The type covers backups too; the expectation above saw that this status has counts.
  const { counts } = status as unknown as { counts: RestoreCounts };
  return { counts, report: await restoreReport(installation, name) };
}

/** The version of each object of the namespace, and of the namespace and the definitions. */
async function versions(): Promise<Readonly<Record<string, string>>> {
  const list = ['api-resources', '--verbs=list', '--namespaced', '-o', 'name'];
  const types = (await onCluster(...list)).trim().split('\n');
  const compared = types.filter((type) => !NOT_COMPARED.has(type)).join(',');
  const texts = await Promise.all([
    onCluster('-n', namespace, 'get', compared, '-o', 'json'),
    onCluster('get', 'namespaces,customresourcedefinitions', '-o', 'json'),
  ]);
  // What kubectl prints are the API server's own objects.
  const lists = texts.map((text) => JSON.parse(text) as { items: KubernetesObject[] });
  return Object.fromEntries(
    lists
      .flatMap(({ items }) => items)
      .map(({ kind = '', metadata }) => [
        `${kind}/${metadata.name}`,
        String(metadata['resourceVersion']),
      ]),
  );
}

test('a second restore of the same backup finds everything unchanged, and writes nothing', async () => {
  const first = await restore('first', {});
  expect(first.counts.created).toBeGreaterThan(15);
  const { skipped } = first.counts;
  // The controllers have taken note of what came; that of autoscalers looks every 15 s.
  const conditions = ['get', 'hpa', 'web', '-o', 'jsonpath={.status.conditions[*].type}'];
  await expect.poll(() => onCluster('-n', namespace, ...conditions)).toContain('AbleToScale');
  await expect.poll(async () => isSteady(await versions()), { timeout: 60_000 }).toBe(true);
  const before = await versions();
  expect(Object.keys(before)).toContain(`ReplicaSet/${await replicaSet()}`);
  for (const [name, spec] of [
    ['second', {}],
    ['updating', { existingResourcePolicy: 'update' }],
  ] as const) {
    const { counts, report } = await restore(name, spec);
    expect(report).toEqual(first.report.map((line) => line.replace('(created)', '(unchanged)')));
    const unchanged = report.length - skipped;
    expect(counts).toEqual({ ...NO_RESTORE_COUNTS, unchanged, skipped });
    expect(await versions()).toEqual(before);
  }
});

test('what differs is updated, and only recreate makes anew what cannot be', async () => {
  const original = await contents();
  const nodePorts = await nodePortsOf();
  const change = async (): Promise<void> => {
    await onCluster('-n', namespace, 'delete', 'job/work', 'secret/sealed', '--timeout=60s');
    await applyYaml(changeable({ image: 'new', data: 'new' }), cluster.kubeconfig);
    await onCluster('-n', namespace, 'set', 'image', 'deployment/web', '*=holdfast.test/new:1');
    const port = '{"spec":{"ports":[{"name":"http","port":80,"targetPort":8080}]}}';
    await onCluster('-n', namespace, 'patch', 'service', 'ports', '-p', port);
  };
  await change();
  const changed = await contents();
  expect(Object.keys(changed).filter((name) => changed[name] === original[name])).toEqual([]);

  const updated = await restore('updated', { existingResourcePolicy: 'update' });
  expect(verbsOf(updated)).toEqual({
    ...{ 'Deployment/web': 'updated', 'Service/ports': 'updated' },
    ...{ 'Job/work': 'skipped', 'Secret/sealed': 'skipped' },
  });
  const { 'Job/work': job, 'Secret/sealed': secret } = changed;
  expect(await contents()).toEqual({ ...original, 'Job/work': job, 'Secret/sealed': secret });

  await change();
  const recreated = await restore('recreated', { existingResourcePolicy: 'recreate' });
  expect(verbsOf(recreated)).toEqual({
    ...{ 'Deployment/web': 'updated', 'Service/ports': 'updated' },
    ...{ 'Job/work': 'recreated', 'Secret/sealed': 'recreated' },
  });
  expect(await contents()).toEqual(original);
  // Nobody who has the service's address is cut off by an update.
  expect(await nodePortsOf()).toEqual(nodePorts);
});

/** What the test changes of each object, as text. */
const CHANGED: Readonly<Record<string, string>> = {
  'Deployment/web': '{.spec.template.spec.containers[*].image}',
  'Service/ports': '{.spec.ports[*].targetPort}',
  'Job/work': '{.spec.template.spec.containers[*].image}',
  'Secret/sealed': '{.data.value}',
};

async function contents(): Promise<Record<string, string>> {
  const texts = await Promise.all(
    Object.entries(CHANGED).map(async ([name, path]) => [
      name,
      await onCluster('-n', namespace, 'get', name, '-o', `jsonpath=${path}`),
    ]),
  );
  // Each entry is a name and a text.
  return Object.fromEntries(texts) as Record<string, string>;
}

function nodePortsOf(): Promise<string> {
  const path = 'jsonpath={.spec.ports[*].nodePort}';
  return onCluster('-n', namespace, 'get', 'service/ports', '-o', path);
}

/** What a restore did to the objects that the test changes. */
function verbsOf({ report }: Restored): Record<string, string> {
  const done = report.map((line) => /([A-Z]\w+) [^/]+\/(.+)\((\w+)\)$/.exec(line));
  return Object.fromEntries(
    done
      .map((match) => [`${match?.[1] ?? ''}/${match?.[2] ?? ''}`, match?.[3] ?? ''])
      .filter(([name = '']) => name in CHANGED),
  ) as Record<string, string>;
}

async function replicaSet(): Promise<string> {
  const path = ['-o', 'jsonpath={.items[0].metadata.name}'];
  return onCluster('-n', namespace, 'get', 'replicasets', ...path);
}

let last = '';
let sameLooks = 0;
/** Looks in a row that find nothing changed: on a busy machine controllers are late. */
const SAME_LOOKS = 4;

/** Whether nothing was written for some looks. */
function isSteady(now: Readonly<Record<string, string>>): boolean {
  const text = JSON.stringify(now);
  sameLooks = text === last ? sameLooks + 1 : 0;
  last = text;
  return sameLooks >= SAME_LOOKS;
}
