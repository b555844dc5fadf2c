import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RestorePreview, RunResource } from '../../domain/api-resource.ts';
import { itemText } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { type Applied, applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: a restore takes the types that it is asked for with what belongs to them, from the backup that it is asked for,
// and one that is tried again takes what failed and nothing else. Method: one backup from the real cluster; plans tell
// what a restore takes; a quota lets one fail.

const id = `rs-${String(process.pid)}`;
const GROUP = `${id}.holdfast.test`;
const QUOTA_WAIT_MS = 30_000;
const NAMES = ['a', 'b', 'c'];
let installation: Installation;
let cluster: Applied | undefined;

beforeAll(async () => {
  installation = await Installation.start();
  cluster = await applyYaml(FIXTURE);
  await kubectl('wait', `crd/widgets.${GROUP}`, '--for=condition=Established', '--timeout=60s');
  const widget = {
    apiVersion: `${GROUP}/v1`,
    kind: 'Widget',
    metadata: { name: 'w', namespace: id },
  };
  await applyYaml(JSON.stringify(widget));
  const phase = '--for=jsonpath={.status.phase}=Bound';
  await kubectl('-n', id, 'wait', 'pvc/data', phase, '--timeout=60s');
  expect((await installation.createBackup('b', [id])).status).toBe(202);
  await installation.ended('backups', 'b');
});

afterAll(async () => {
  await dropNamespaces(id);
  await cluster?.remove();
  await installation.stop();
});

function ask<Body>(path: string, spec: object, name = 'r') {
  const whole = { cluster: installation.name, ...spec };
  return installation.request<Body>('POST', path, { metadata: { name }, spec: whole });
}

/** What a restore would take, without what the cluster makes in every namespace, as `type/name`. */
async function planned(spec: object): Promise<string[]> {
  const { status, body } = await ask<RestorePreview>('/restores?dryRun=All', spec);
  expect({ status, body }).toMatchObject({ status: 200, body: { plan: { backupName: 'b' } } });
  return body.plan.items
    .filter(({ name }) => !['kube-root-ca.crt', 'default'].includes(name))
    .map((item) => itemText(item).replace(`.${GROUP}`, '').replace(`/${id}/`, '/'))
    .sort();
}

const CONFIG_MAPS = NAMES.map((name) => `configmaps/${name}`);
const CLAIM = 'persistentvolumeclaims/data';
const DEFINITION = `customresourcedefinitions.apiextensions.k8s.io/widgets`;
const SPACE = `namespaces/${id}`;
const POD = 'pods/user';
const PRIORITY = `priorityclasses.scheduling.k8s.io/${id}`;
const VOLUME = `persistentvolumes/${id}`;
const WIDGET = 'widgets/w';

test.each<[spec: object, items: readonly string[]]>([
  [{}, [...CONFIG_MAPS, DEFINITION, SPACE, CLAIM, VOLUME, WIDGET, POD, PRIORITY]],
  [{ includedResources: ['cm'] }, [...CONFIG_MAPS, SPACE]],
  [
    { includedResources: ['ConfigMap'], labelSelector: { matchLabels: { app: 'x' } } },
    ['configmaps/a', SPACE],
  ],
  [{ excludedResources: ['configmaps', 'pvc', 'widget', 'crd'] }, [SPACE, VOLUME, POD, PRIORITY]],
  [{ includedResources: ['widget'] }, [DEFINITION, SPACE, WIDGET]],
  [{ includedResources: [`*.${GROUP}`], excludedResources: ['crd'] }, [SPACE, WIDGET]],
  [{ includedResources: ['pvc'] }, [SPACE, CLAIM, VOLUME]],
  [{ includedResources: ['pvc'], excludedResources: ['pv'] }, [SPACE, CLAIM]],
  [{ includedResources: ['pvc'], includeClusterResources: false }, [SPACE, CLAIM]],
  [{ includedResources: ['pv', 'ns'] }, [SPACE, VOLUME]],
  [{ includedResources: ['po'] }, [SPACE, POD, CLAIM, VOLUME, PRIORITY]],
  [
    { includedNamespaces: [id], labelSelector: { matchLabels: { tier: 'front' } } },
    [SPACE, POD, CLAIM, VOLUME, PRIORITY],
  ],
  [{ includedResources: ['po'], excludedResources: ['pvc', 'pc'] }, [SPACE, POD]],
])('a restore with %j takes what it is asked for', async (spec, items) => {
  expect(await planned({ backupName: 'b', ...spec })).toEqual([...items].sort());
});

test('types that mean nothing, and types that no restore touches, are refused', async () => {
  const includedResources = ['cm', 'no', 'typos'];
  const { status, body } = await ask<Problem>('/restores', { backupName: 'b', includedResources });
  expect(status).toBe(422);
  expect(body.errors?.map(({ code }) => code)).toEqual(['type-not-restorable', 'type-not-found']);
});

test('the newest backup of a schedule is restored, and a request without a source is refused', async () => {
  const store = installation.store();
  const { record: key } = backupKeys('b');
  const record = (await readAll(store, key)).toString('utf8');
  const labelled = record.replace(/"labels":\s*\{/, '$&"velero.io/schedule-name": "nightly",');
  await store.put(key, Buffer.from(labelled));
  store.close();
  // Its volume is not copied, and it is PartiallyFailed for that.
  const spec = { scheduleName: 'nightly', includedResources: ['cm'] };
  const none = await ask<Problem>('/restores?dryRun=All', spec);
  expect(none.body).toMatchObject({ status: 422, code: 'backup-not-found' });
  expect(await planned({ ...spec, allowPartiallyFailed: true })).toEqual(
    [...CONFIG_MAPS, SPACE].sort(),
  );
  const { status, body } = await ask<Problem>('/restores', {});
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-request' });
});

test('a restore that is tried again applies what failed, and nothing else', async () => {
  await deleteNamespace(id);
  await kubectl('create', 'namespace', id);
  await kubectl('-n', id, 'create', 'quota', 'none', '--hard=count/configmaps=0');
  await untilQuota('denies');
  const labelSelector = { matchLabels: { own: '' } };
  const spec = { backupName: 'b', includedResources: ['cm'], labelSelector };
  expect((await ask('/restores', spec, 'first')).status).toBe(202);
  const first = await installation.ended('restores', 'first');
  expect(first.status).toMatchObject({
    phase: 'PartiallyFailed',
    counts: { failed: NAMES.length },
  });

  await kubectl('-n', id, 'delete', 'quota', 'none');
  await untilQuota('allows');
  const again = { retryOf: 'first' };
  expect(await planned(again)).toEqual(CONFIG_MAPS);
  const flags = ['--retry-of', 'first', '--cluster', installation.name, '--wait'];
  const command = startHoldfast(['restore', 'create', 'second', ...flags], {
    HOLDFAST_SERVER: installation.apiUrl,
  });
  expect(await command.status).toBe(0);
  const { body: second } = await installation.request<RunResource>('GET', '/restores/second');
  expect(second).toMatchObject({
    spec: { backupName: 'b', retryOf: 'first', includedResources: ['cm'] },
    status: { phase: 'Completed', counts: { created: NAMES.length, unchanged: 0, skipped: 0 } },
  });
  const there = await kubectl('-n', id, 'get', 'configmaps', ...NAMES, '-o', 'name');
  expect(there.trim().split('\n')).toHaveLength(NAMES.length);
  // The same request gives the same run; there is nothing left for another one.
  expect((await ask('/restores', again, 'second')).status).toBe(200);
  const { status, body } = await ask<Problem>('/restores', { retryOf: 'second' }, 'third');
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'nothing-selected' });
});

/** The API server takes a moment to learn of a quota, and that it is gone. */
async function untilQuota(does: 'denies' | 'allows'): Promise<void> {
  const create = ['-n', id, 'create', 'configmap', 'probe', '--dry-run=server'];
  const isAllowed = (): Promise<boolean> =>
    kubectl(...create).then(
      () => true,
      () => false,
    );
  const deadline = Date.now() + QUOTA_WAIT_MS;
  while ((await isAllowed()) !== (does === 'allows')) {
    expect(Date.now()).toBeLessThan(deadline);
    await sleep(200);
  }
}

const FIXTURE = `
apiVersion: v1
kind: Namespace
metadata: {name: ${id}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: ${id}, labels: {app: x, own: ''}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: ${id}, labels: {own: ''}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: ${id}, labels: {own: ''}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.${GROUP}}
spec:
  group: ${GROUP}
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: ${id}}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 1Mi}
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  hostPath: {path: /tmp/${id}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ${id}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Mi}}
  storageClassName: ""
  volumeName: ${id}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: ${id}}
value: 7
---
apiVersion: v1
kind: Pod
metadata: {name: user, namespace: ${id}, labels: {tier: front}}
spec:
  # It never runs.
  nodeSelector: {${id}: nowhere}
  priorityClassName: ${id}
  containers: [{name: c, image: unused}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`;
