import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreCounts } from '../../domain/restore.ts';
import { keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { namespaceSnapshot } from '../support/namespace-snapshot.ts';

// Goal: what a restore is asked for is what the cluster holds afterwards. Method: a real installation on the test
// bed; namespaces are compared object by object with what they were, past the API.

const id = `r${String(process.pid)}`;
const shop = `${id}-shop`;
const plain = `${id}-plain`;
const large = `${id}-large`;
const copies = [`${id}-copy`, `${id}-large-copy`] as const;
const volume = `${id}-volume`;
const definition = `tills.${id}.holdfast.test`;
const LARGE_ITEMS = 6000;
let installation: Installation;

beforeAll(async () => {
  installation = await Installation.start();
  await applyYaml('shop', SHOP);
  await applyYaml('plain', PLAIN);
  await kubectl('wait', '--for=condition=Established', 'crd', definition, '--timeout=60s');
  await applyYaml('till', TILL);
  await kubectl('-n', shop, 'rollout', 'status', 'deployment/web', '--timeout=120s');
  await kubectl(
    '-n',
    shop,
    'wait',
    '--for=jsonpath={.status.phase}=Bound',
    'pvc/data',
    '--timeout=60s',
  );
  await fillNamespace(large, { type: CONFIG_MAP, count: LARGE_ITEMS, bytes: 100 });
});

afterAll(async () => {
  await installation.stop();
  await dropNamespaces(shop, plain, large, ...copies);
  await kubectl('delete', 'crd', definition, '--ignore-not-found');
  await kubectl('delete', 'pv', volume, '--ignore-not-found');
});

async function applyYaml(name: string, yaml: string): Promise<void> {
  const file = join(tmpdir(), `${id}-${name}.yaml`);
  await writeFile(file, yaml);
  await kubectl('apply', '-f', file);
}

async function backUp(name: string, includedNamespaces: string[]): Promise<void> {
  const spec = {
    ...{ cluster: installation.name, includedNamespaces },
    // The volume stays, and its data with it; that nobody copies it is not what this is about.
    ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
  };
  const answer = await installation.request('POST', '/backups', { metadata: { name }, spec });
  expect(answer.status).toBe(202);
  expect((await installation.ended('backups', name)).status.phase).toBe('Completed');
}

async function restored(name: string, spec: object) {
  expect((await installation.createRestore(name, spec)).status).toBe(202);
  return (await installation.ended('restores', name)).status;
}

/**
 * What is in a namespace, without the uids that controllers write into it, and with one name for original and copy:
 * kubectl's annotation keeps the old one.
 */
async function content(namespace: string): Promise<unknown> {
  const text = JSON.stringify(await namespaceSnapshot(namespace));
  const renamed = text.replaceAll(namespace, 'NAMESPACE').replaceAll(plain, 'NAMESPACE');
  return JSON.parse(renamed, (key, value: unknown) =>
    /controller-uid|^pv\.kubernetes\.io|^uid$/.test(key) ? undefined : value,
  );
}

test('an application comes back with its definition, its volume, its ports and its token', async () => {
  const before = await content(shop);
  expect(Object.keys(before as object)).toEqual(
    expect.arrayContaining([
      ...['deployments.apps/web', 'services/web', 'jobs.batch/long', 'secrets/token-by-hand'],
      ...['persistentvolumeclaims/data', `${definition}/first`],
      ...[
        'roles.rbac.authorization.k8s.io/reader',
        'rolebindings.rbac.authorization.k8s.io/reader',
      ],
    ]),
  );
  await backUp('shop', [shop]);
  await deleteNamespace(shop);
  await kubectl('delete', 'crd', definition);
  await kubectl('delete', 'pv', volume);

  expect(await restored('shop', { backupName: 'shop' })).toMatchObject({
    phase: 'Completed',
    counts: { failed: 0 },
  });
  await kubectl(
    '-n',
    shop,
    'wait',
    '--for=jsonpath={.status.phase}=Bound',
    'pvc/data',
    '--timeout=60s',
  );
  expect(await kubectl('-n', shop, 'get', 'pvc', 'data', '-o', 'jsonpath={.spec.volumeName}')).toBe(
    volume,
  );
  await kubectl('-n', shop, 'rollout', 'status', 'deployment/web', '--timeout=120s');
  await kubectl(
    '-n',
    shop,
    'wait',
    '--for=jsonpath={.data.token}',
    'secret/token-by-hand',
    '--timeout=60s',
  );
  expect(withoutTokens(await content(shop))).toEqual(withoutTokens(before));
});

/** The token controller issues another token for the new account. */
function withoutTokens(objects: unknown): unknown {
  return JSON.parse(JSON.stringify(objects), (key, value: unknown) =>
    key === 'token' || key.endsWith('service-account.uid') ? 'issued' : value,
  );
}

test('a namespace under another name has the same content, its bindings included', async () => {
  await backUp('both', [plain, shop]);
  const [copy] = copies;
  const spec = {
    backupName: 'both',
    includedNamespaces: [plain],
    namespaceMapping: { [plain]: copy },
  };
  expect(await restored('mapped', spec)).toMatchObject({
    phase: 'Completed',
    counts: { failed: 0 },
  });
  expect(await content(copy)).toEqual(await content(plain));
  const subject = ['rolebinding', 'reader', '-o', 'jsonpath={.subjects[0].namespace}'];
  expect(await kubectl('-n', copy, 'get', ...subject)).toBe(copy);
});

test('only chosen namespaces are restored, and excluded ones are not', async () => {
  const before = await content(plain);
  for (const spec of [{ includedNamespaces: [plain] }, { excludedNamespaces: [shop] }]) {
    await kubectl('-n', shop, 'delete', 'configmap', 'settings', '--ignore-not-found');
    await deleteNamespace(plain);
    const name = Object.keys(spec)[0]?.toLowerCase() ?? '';
    expect((await restored(name, { backupName: 'both', ...spec })).phase).toBe('Completed');
    expect(await content(plain)).toEqual(before);
    expect(await kubectl('-n', shop, 'get', 'configmap', 'settings', '--ignore-not-found')).toBe(
      '',
    );
  }
});

test('a restore that is cancelled says what it created, and can be deleted', async () => {
  await backUp('large', [large]);
  const [, copy] = copies;
  await installation.createRestore('cancelled', {
    backupName: 'large',
    namespaceMapping: { [large]: copy },
  });
  await expect.poll(() => itemsOf(copy), { timeout: 60_000 }).toBeGreaterThan(0);
  const answer = await installation.request('POST', '/restores/cancelled:cancel');
  expect(answer.status).toBe(202);
  const { status } = await installation.ended('restores', 'cancelled');
  const items = await itemsOf(copy);
  expect(items).toBeLessThan(LARGE_ITEMS);
  expect(status).toMatchObject({ phase: 'Cancelled', counts: { failed: 0 } });
  // The namespace was created too, and what the cluster puts into every namespace may have been.
  // The type covers backups too; the expectation above saw that this status has counts.
  const { created } = (status as unknown as { counts: RestoreCounts }).counts;
  expect(created - items).toBeGreaterThanOrEqual(1);
  expect(created - items).toBeLessThanOrEqual(3);

  await expect
    .poll(async () => (await installation.request('DELETE', '/restores/cancelled')).status)
    .toBe(202);
  await expect
    .poll(async () => (await installation.request('GET', '/restores/cancelled')).status)
    .toBe(404);
  const store = installation.store();
  await expect.poll(() => keysUnder(store, 'restores/cancelled/')).toEqual([]);
  store.close();
  expect(await itemsOf(copy)).toBe(items);
});

async function itemsOf(namespace: string): Promise<number> {
  const text = await kubectl('-n', namespace, 'get', 'configmaps', '-o', 'name');
  return text.split('\n').filter((name) => name.includes('/item-')).length;
}

const SHOP = `
apiVersion: v1
kind: Namespace
metadata: {name: ${shop}, labels: {team: shop}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${definition}}
spec:
  group: ${id}.holdfast.test
  scope: Namespaced
  names: {plural: tills, singular: till, kind: Till}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: ${shop}}
data: {color: blue}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: ${volume}}
spec:
  capacity: {storage: 1Mi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  hostPath: {path: /tmp}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ${shop}}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  volumeName: ${volume}
  resources: {requests: {storage: 1Mi}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: ${shop}}
---
apiVersion: v1
kind: Secret
metadata: {name: token-by-hand, namespace: ${shop}, annotations: {kubernetes.io/service-account.name: web}}
type: kubernetes.io/service-account-token
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: ${shop}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: ${shop}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web, namespace: ${shop}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ${shop}}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: http, port: 80, nodePort: ${String(30_000 + (process.pid % 2000))}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${shop}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      terminationGracePeriodSeconds: 1
      containers: [{name: web, image: holdfast.test/busybox:1.35, command: [sleep, "3600"]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: long, namespace: ${shop}}
spec:
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers: [{name: long, image: holdfast.test/busybox:1.35, command: [sleep, "3600"]}]
`;

const TILL = `
apiVersion: ${id}.holdfast.test/v1
kind: Till
metadata: {name: first, namespace: ${shop}}
spec: {drawers: 3}
`;

const PLAIN = `
apiVersion: v1
kind: Namespace
metadata: {name: ${plain}}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: ${plain}}
stringData: {key: value}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: ${plain}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: ${plain}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: default, namespace: ${plain}}]
`;
