import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RestorePreview, RunResource } from '../../domain/api-resource.ts';
import type { PlannedItem, RestorePlanReport } from '../../domain/restore/restore-preview.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { keysUnder } from '../support/archive-items.ts';
import { writesIn } from '../support/audit-log.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: a plan tells of each item what the restore then does to it, shows no Secret, and writes nothing, and a restore
// that is bound to it does that or nothing. Method: a whole installation on a cluster of its own, whose audit log tells
// of all writes; Temporal's history is read as it is stored.

const NAMESPACE = 'plan';
const ADMISSION_WAIT_MS = 30_000;
/** Values of the Secret, in the backup and in the cluster. */
const HUSH = { stored: 'hush-in-the-backup', live: 'hush-in-the-cluster' };
let cluster: EmptyCluster;
let installation: Installation;

beforeAll(async () => {
  cluster = await EmptyCluster.start({ hasControllers: true, hasAuditLog: true });
  installation = await Installation.start({ kubeconfig: cluster.kubeconfig });
  await applyYaml(STORED, cluster.kubeconfig);
  const answer = await installation.createBackup('b', [NAMESPACE]);
  expect(answer.status).toBe(202);
  expect((await installation.ended('backups', 'b')).status.phase).toBe('Completed');
  await kube('delete', 'configmap', 'lost', 'denied');
  await applyYaml(POLICY, cluster.kubeconfig);
  await kube('patch', 'configmap', 'other', '-p', '{"data":{"color":"green","size":null}}');
  await kube('patch', 'secret', 'key', '-p', JSON.stringify({ stringData: { key: HUSH.live } }));
  await kube('scale', 'deployment', 'web', '--replicas', '3');
  await untilDenied();
});

afterAll(async () => {
  await installation.stop();
  await cluster.stop();
});

function kube(...args: string[]): Promise<string> {
  return kubectl('--kubeconfig', cluster.kubeconfig, '-n', NAMESPACE, ...args);
}

/** The API server takes a moment to learn of a policy. */
async function untilDenied(): Promise<void> {
  const create = ['create', 'configmap', 'denied', '--dry-run=server'];
  const isDenied = (): Promise<boolean> =>
    kube(...create).then(
      () => false,
      () => true,
    );
  const deadline = Date.now() + ADMISSION_WAIT_MS;
  while (!(await isDenied())) {
    expect(Date.now()).toBeLessThan(deadline);
    await sleep(200);
  }
}

async function planned(spec: object): Promise<RestorePlanReport> {
  const { status, body } = await installation.request<RestorePreview>(
    'POST',
    '/restores?dryRun=All',
    { metadata: { name: 'r' }, spec: { cluster: installation.name, backupName: 'b', ...spec } },
  );
  expect(body).toMatchObject({ kind: 'RestorePreview', metadata: { name: 'r' } });
  expect(status).toBe(200);
  return body.plan;
}

function itemOf({ items }: RestorePlanReport, name: string): PlannedItem | undefined {
  return items.find((item) => item.name === name);
}

async function restored(name: string, spec: object): Promise<RunResource['status']> {
  const { status } = await installation.createRestore(name, { backupName: 'b', ...spec });
  expect(status).toBe(202);
  return (await installation.ended('restores', name)).status;
}

/** What is in the cluster and in the bucket, and how much was ever written to the cluster. */
async function world(): Promise<unknown> {
  const store = installation.store();
  const [keys, writes] = [await keysUnder(store, ''), await writesIn(cluster.auditLog)];
  store.close();
  const types = 'configmaps,secrets,serviceaccounts,deployments';
  return { keys, writes: writes.length, objects: await kube('get', types, '-o', 'json') };
}

test('a plan tells what would become of each item, and writes nothing anywhere', async () => {
  const before = await world();
  const update = await planned({ existingResourcePolicy: 'update' });
  expect(itemOf(update, 'lost')).toMatchObject({ action: 'create' });
  expect(itemOf(update, 'same')).toMatchObject({ action: 'unchanged' });
  expect(itemOf(update, 'other')).toMatchObject({
    action: 'update',
    diff: [
      { path: '/data/color', op: 'replace', from: 'green', to: 'blue' },
      { path: '/data/size', op: 'add', to: 'large' },
    ],
  });
  expect(itemOf(update, 'web')).toMatchObject({
    ...{ group: 'apps', resource: 'deployments', action: 'update' },
    diff: [{ path: '/spec/replicas', op: 'replace', from: 3, to: 5 }],
  });
  expect(itemOf(update, 'denied')).toMatchObject({
    action: 'blocked',
    reason: expect.stringMatching(/no object may be called denied/) as unknown,
  });
  expect(update.backupName).toBe('b');
  const counted = Object.values(update.counts).reduce((sum, count) => sum + count, 0);
  expect(counted).toBe(update.waves.reduce((sum, { items }) => sum + items, 0));

  const none = await planned({});
  expect(itemOf(none, 'other')).toMatchObject({
    action: 'skip',
    diff: [
      { path: '/data/color', op: 'replace', from: 'green', to: 'blue' },
      { path: '/data/size', op: 'add', to: 'large' },
    ],
  });
  expect(await world()).toEqual(before);
});

test('values of a Secret are neither in the answer nor in the history, and neither are others', async () => {
  const plan = await planned({ existingResourcePolicy: 'update' });
  expect(itemOf(plan, 'key')).toMatchObject({
    action: 'update',
    diff: expect.arrayContaining([
      { path: '/data/key', op: 'replace', value: 'changed' },
    ]) as unknown,
  });
  const answer = JSON.stringify(plan);
  const history = await previewHistories();
  expect(history).toContain('previewRestore');
  for (const value of Object.values(HUSH)) {
    for (const text of [value, Buffer.from(value).toString('base64')]) {
      expect(answer).not.toContain(text);
      expect(history).not.toContain(text);
    }
  }
  // What the answer says of a ConfigMap would be content as well.
  expect(answer).toContain('green');
  expect(history).not.toContain('green');
  expect(history).not.toContain('may be called denied');
});

/** The histories of all plans, with their payloads as the text that they are. */
async function previewHistories(): Promise<string> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const client = new Client({ connection });
  const histories: unknown[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: "WorkflowType = 'previewRestore'",
  })) {
    histories.push(await client.workflow.getHandle(workflowId).fetchHistory());
  }
  await connection.close();
  return JSON.stringify(histories, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
  );
}

test('the command line shows the plan and the command that is bound to it', async () => {
  const flags = ['--from-backup', 'b', '--cluster', installation.name];
  const args = ['restore', 'plan', 'r', ...flags, '--existing-resource-policy', 'update'];
  const command = startHoldfast(args, { HOLDFAST_SERVER: installation.apiUrl });
  expect(await command.status).toBe(0);
  expect(command.stdout).toContain('~ spec.replicas: 3 -> 5\n');
  expect(command.stdout).toContain('~ data.key: (changed)\n');
  expect(command.stdout).toMatch(
    /blocked configmaps\/plan\/denied: cluster-rejected|blocked .*denied/,
  );
  const { digest } = await planned({ existingResourcePolicy: 'update' });
  expect(command.stdout).toContain(
    `holdfast restore create r ${flags.join(' ')} --existing-resource-policy update --plan-digest ${digest}\n`,
  );

  const create = args.with(1, 'create');
  const dry = startHoldfast([...create, '--dry-run'], { HOLDFAST_SERVER: installation.apiUrl });
  expect(await dry.status).toBe(0);
  expect(dry.stdout).toBe(command.stdout);
  expect(await installation.look('restores', 'r')).toBeUndefined();
});

test('a restore that is bound to a plan does just that, and nothing once the cluster has changed', async () => {
  const spec = { existingResourcePolicy: 'update' };
  const { digest } = await planned(spec);
  expect((await planned(spec)).digest).toBe(digest);
  await kube('patch', 'configmap', 'other', '-p', '{"data":{"color":"red"}}');
  const later = await planned(spec);
  expect(later.digest).not.toBe(digest);

  const { length } = await writesIn(cluster.auditLog);
  const refused = await restored('refused', { ...spec, planDigest: digest });
  expect(refused).toMatchObject({ phase: 'Failed', failure: { code: 'plan-changed' } });
  expect((await writesIn(cluster.auditLog)).slice(length)).toEqual([]);

  const { create, update, unchanged, skip, blocked } = later.counts;
  expect(blocked).toBe(1);
  expect(await restored('bound', { ...spec, planDigest: later.digest })).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { created: create, updated: update, unchanged, skipped: skip, failed: blocked },
  });
  expect(await kube('get', 'configmap', 'other', '-o', 'jsonpath={.data.color}')).toBe('blue');
});

test('what the restore would be refused for, its plan is refused for', async () => {
  const spec = { cluster: installation.name, backupName: 'absent' };
  const request = { metadata: { name: 'r' }, spec };
  const { status, body } = await installation.request<Problem>(
    'POST',
    '/restores?dryRun=All',
    request,
  );
  expect(status).toBe(422);
  expect(body.code).toBe('backup-not-found');
  expect((await installation.request('GET', '/restores/r')).status).toBe(404);
});

const STORED = `
apiVersion: v1
kind: Namespace
metadata: {name: ${NAMESPACE}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: lost, namespace: ${NAMESPACE}}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: same, namespace: ${NAMESPACE}}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: ${NAMESPACE}}
data: {color: blue, size: large}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: denied, namespace: ${NAMESPACE}}
data: {color: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: ${NAMESPACE}}
stringData: {key: ${HUSH.stored}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${NAMESPACE}}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "holdfast.test/busybox:1.35"}]
`;

const POLICY = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-denied}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  validations:
    - {expression: "object.metadata.name != 'denied'", message: no object may be called denied}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-denied}
spec: {policyName: no-denied, validationActions: [Deny]}
`;
