import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RestorePreview } from '../../domain/api-resource.ts';
import { type Applied, applyYaml } from '../support/applied-yaml.ts';
import { keysUnder } from '../support/archive-items.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: resource modifiers do to real objects what kubectl patch does to them, where their conditions hold and nowhere
// else; a plan shows it, and a ConfigMap with faults keeps anything from being written. Method: a whole installation; a
// backup is restored beside its source, which then is patched by kubectl for comparison.

let installation: Installation;
let namespace: string;
let copy: string;
let source: Applied;
let own: Applied;

beforeAll(async () => {
  installation = await Installation.start();
  namespace = `source-${installation.name}`;
  copy = `copy-${installation.name}`;
  source = await applyYaml(objects());
  own = await applyYaml(modifiers());
  expect((await installation.createBackup('b', [namespace])).status).toBe(202);
  expect((await installation.ended('backups', 'b')).status.phase).toBe('Completed');
});

afterAll(async () => {
  await own.remove();
  await source.remove();
  await kubectl('delete', 'namespace', copy, '--ignore-not-found', '--wait=false');
  await installation.stop();
});

function specOf(configMap: string, spec: object = {}): object {
  return { backupName: 'b', resourceModifier: { kind: 'configmap', name: configMap }, ...spec };
}

async function live(name: string, type: string, space = copy): Promise<Record<string, unknown>> {
  const json = await kubectl('-n', space, 'get', type, name, '-o', 'json');
  // What kubectl prints of one object.
  return JSON.parse(json) as Record<string, unknown>;
}

test('modifiers with faults are refused with all of them, and nothing is written', async () => {
  const mapping = { namespaceMapping: { [namespace]: copy } };
  const { status, body } = await installation.createRestore('bad', specOf('bad', mapping));
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'modifier-not-usable' });
  expect(body.errors?.map(({ pointer }) => pointer)).toEqual([
    'resourceModifier:/version',
    'resourceModifier:/resourceModifierRules/0/conditions/groupResource',
    'resourceModifier:/resourceModifierRules/0/patches/0/operation',
  ]);
  const absent = await installation.createRestore('bad', specOf('absent', mapping));
  expect({ status: absent.status, code: absent.body.code }).toEqual({
    ...{ status: 422, code: 'modifier-not-usable' },
  });
  const store = installation.store();
  expect(await keysUnder(store, 'restores/')).toEqual([]);
  store.close();
  expect(await kubectl('get', 'namespace', copy, '--ignore-not-found')).toBe('');
});

test('a plan shows what the modifiers change', async () => {
  const spec = specOf('good', { cluster: installation.name, existingResourcePolicy: 'update' });
  const { status, body } = await installation.request<RestorePreview & Problem>(
    'POST',
    '/restores?dryRun=All',
    { metadata: { name: 'r' }, spec },
  );
  expect(status).toBe(200);
  const diffOf = (name: string) => body.plan.items.find((item) => item.name === name)?.diff;
  expect(diffOf('red')).toEqual([
    { path: '/data/color', op: 'replace', from: 'red', to: 'green' },
    { path: '/data/count', op: 'add', to: '7' },
  ]);
  expect(diffOf('blue')).toBeUndefined();
  expect(diffOf('labelled')).toEqual([
    { path: '/data/gone', op: 'remove', from: '1' },
    { path: '/data/new', op: 'add', to: '2' },
  ]);
});

test('a restore changes what its modifiers say, as kubectl would', async () => {
  const flags = ['--from-backup', 'b', '--cluster', installation.name];
  const mapping = ['--namespace-mappings', `${namespace}:${copy}`];
  const command = startHoldfast(
    [
      ...['restore', 'create', 'r', ...flags, ...mapping, '--wait'],
      ...['--resource-modifier-configmap', 'good'],
    ],
    { HOLDFAST_SERVER: installation.apiUrl },
  );
  await command.status;
  const { status } = await installation.ended('restores', 'r');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', counts: { failed: 1 } });
  expect(await live('red', 'configmap')).toMatchObject({ data: { color: 'green', count: '7' } });
  expect(await live('blue', 'configmap')).toMatchObject({ data: { color: 'blue' } });
  expect(await live('labelled', 'configmap')).toMatchObject({ data: { kept: 'x', new: '2' } });

  const args = ['-n', namespace, 'patch', 'deployment', 'web', '--type', 'strategic'];
  await kubectl(...args, '-p', STRATEGIC);
  const [patched, restored] = [
    await live('web', 'deployment', namespace),
    await live('web', 'deployment'),
  ];
  expect(restored['spec']).toEqual(patched['spec']);
  expect(restored['spec']).toMatchObject({
    template: { spec: { containers: [{ name: 'new' }, { name: 'web', image: 'web:2' }] } },
  });

  // One that a rule does not fit is not restored, and its report quotes nothing of it.
  expect(await kubectl('-n', copy, 'get', 'secret', 'misfit', '--ignore-not-found')).toBe('');
  const { body } = await installation.request('GET', '/restores/r/items?verb=failed');
  const text = JSON.stringify(body);
  expect(text).toContain('rule 4 of the resource modifiers cannot be applied to it: remove of /a');
  expect(text).not.toMatch(/hush|aHVzaA/);
});

/** Of every kind of change that a list by name knows; the third container goes. */
const STRATEGIC = JSON.stringify({
  spec: {
    strategy: { $retainKeys: ['type'], type: 'Recreate' },
    template: {
      spec: {
        containers: [
          { name: 'new', image: 'new:1' },
          {
            name: 'web',
            image: 'web:2',
            env: [
              { name: 'A', value: '9' },
              { name: 'C', value: '3' },
            ],
            ports: [{ containerPort: 80, name: 'http' }],
          },
          { $patch: 'delete', name: 'old' },
        ],
        '$setElementOrder/containers': [{ name: 'new' }, { name: 'web' }],
        volumes: [{ name: 'data', $retainKeys: ['name', 'configMap'], configMap: { name: 'red' } }],
        tolerations: null,
      },
    },
  },
});

const objects = (): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: red, namespace: ${namespace}}
data: {color: red}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: blue, namespace: ${namespace}}
data: {color: blue}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: labelled, namespace: ${namespace}, labels: {change: "yes"}}
data: {kept: x, gone: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: misfit, namespace: ${namespace}}
stringData: {b: hush}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      tolerations: [{key: x, operator: Exists}]
      volumes: [{name: data, emptyDir: {}}]
      containers:
        - {name: old, image: "old:1"}
        - name: web
          image: web:1
          env: [{name: A, value: "1"}, {name: B, value: "2"}]
          ports: [{containerPort: 80}, {containerPort: 81}]
`;

const modifiers = (): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${installation.ownNamespace}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bad, namespace: ${installation.ownNamespace}}
data:
  rules: |
    version: v2
    resourceModifierRules:
      - conditions: {}
        patches: [{operation: set, path: /a}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: ${installation.ownNamespace}}
data:
  rules: |
    version: v1
    resourceModifierRules:
      - conditions:
          groupResource: configmaps
          namespaces: [${namespace}]
          matches: [{path: /data/color, value: red}]
        patches:
          - {operation: replace, path: /data/color, value: green}
          - {operation: add, path: /data/count, value: '"7"'}
      - conditions:
          groupResource: "*"
          labelSelector: {matchExpressions: [{key: change, operator: Exists}]}
        mergePatches:
          - patchData: |
              data: {gone: null, new: "2"}
      - conditions: {groupResource: "*.apps", resourceNameRegex: ^web$}
        strategicPatches:
          - patchData: '${STRATEGIC}'
      - conditions: {groupResource: secrets}
        patches: [{operation: remove, path: /a}]
`;
