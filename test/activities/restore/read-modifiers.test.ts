import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import {
  readRequestedModifiers,
  requireModifiers,
} from '../../../activities/restore/read-modifiers.ts';
import { Failure } from '../../../domain/failure.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { CONFIG_MAP, fillNamespace } from '../../support/cluster-fixture.ts';
import { dropNamespaces } from '../../support/dropped-namespaces.ts';
import { deleteNamespace } from '../../support/kubectl.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: resource modifiers are read as they were written, or all that is wrong with them is told; and the cluster says
// how strategic merge patches are merged. Method: the real API server, and a client that counts the large questions.

const NAMESPACE = 'read-modifiers-test';
let cluster: Cluster;
let asked: string[] = [];
let created = 0;

beforeAll(async () => {
  const client = openCluster();
  cluster = wrapped(client, {
    openApi: (groupVersion, signal) => {
      asked.push(groupVersion);
      return client.openApi(groupVersion, signal);
    },
  });
  await deleteNamespace(NAMESPACE);
  await fillNamespace(NAMESPACE, { type: CONFIG_MAP, count: 0, bytes: 0 });
});

afterAll(async () => {
  await cluster.close();
  await dropNamespaces(NAMESPACE);
});

function sourceOf(name: string | undefined, from = cluster) {
  const spec: RestoreSpec = {
    ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
    namespaceMapping: {},
    ...(name === undefined ? {} : { resourceModifier: { kind: 'configmap', name } }),
  };
  const { signal } = new AbortController();
  return { cluster: from, namespace: NAMESPACE, spec, signal };
}

/** What is read from a ConfigMap with this text, and the group versions that were asked about. */
async function readText(text: string) {
  created += 1;
  const metadata = { name: `modifiers-${String(created)}`, namespace: NAMESPACE };
  const data = { 'rules.yaml': text };
  await cluster.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  asked = [];
  return readRequestedModifiers(sourceOf(metadata.name));
}

async function failureOf(read: Promise<unknown>): Promise<Failure> {
  const error: unknown = await read.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Failure);
  // As it was just seen.
  return error as Failure;
}

const rule = (groupResource: string, patch: string): string =>
  `- conditions: {groupResource: "${groupResource}"}\n  ${patch}\n`;
const document = (...rules: string[]): string =>
  `version: v1\nresourceModifierRules:\n${rules.join('')}`;

test('patches in JSON keep all digits, and patches in YAML become JSON', async () => {
  const json = '{"spec": {"big": 12345678901234567890}}';
  const merge = `mergePatches: [{patchData: '${json}'}, {patchData: "spec: {a: null, b: 1}"}]`;
  expect(await readText(document(rule('widgets.example.com', merge)))).toEqual({
    modifiers: [
      {
        conditions: { groupResource: 'widgets.example.com', namespaces: [], matches: [] },
        patch: { kind: 'merge', patches: [json, '{"spec":{"a":null,"b":1}}'] },
      },
    ],
  });
  expect(asked).toEqual([]);
});

test('for strategic merge patches the cluster is asked, once for each version of their types', async () => {
  const strategic = 'strategicPatches: [{patchData: "{}"}]';
  const { mergeKeys = {} } = await readText(
    document(
      rule('deployments.apps', strategic),
      rule('statefulsets.apps', strategic),
      rule('persistentvolumeclaims', strategic),
      rule('secrets', 'mergePatches: [{patchData: "{}"}]'),
    ),
  );
  expect(asked.sort()).toEqual(['apps/v1', 'v1']);
  expect(Object.keys(mergeKeys).sort()).toEqual([
    ...['apps/v1/Deployment', 'apps/v1/StatefulSet', 'v1/PersistentVolumeClaim'],
  ]);
  expect(mergeKeys['apps/v1/Deployment']?.lists).toMatchObject({
    'metadata/finalizers': {},
    'spec/template/spec/containers': { mergeKey: 'name' },
    'spec/template/spec/containers/*/ports': { mergeKey: 'containerPort' },
    'spec/template/spec/volumes': { mergeKey: 'name' },
  });
});

test('a group version that the cluster does not publish has no document', async () => {
  expect(await cluster.openApi('example.com/v7')).toBeUndefined();
});

test('all that is wrong is told at once, and the first in the message', async () => {
  const long = 'mergePatches: [{patchData: "big: 12345678901234567890"}]';
  const failure = await failureOf(
    readText(document(rule('pods', 'patches: [{operation: add, path: a}]'), rule('pods', long))),
  );
  const root = 'resourceModifier:/resourceModifierRules';
  const first = `${root}/0/patches/0/path must be a JSON pointer, as in "/spec/replicas"`;
  expect(failure.code).toBe('modifier-not-usable');
  expect(failure.subject).toBe('spec.resourceModifier');
  expect(failure.message).toBe(`${first}; and 1 more`);
  expect(failure.errors?.map(({ detail }) => detail)).toEqual([
    first,
    `${root}/1/mergePatches/0/patchData has a number of more digits than are kept; put it in quotes`,
  ]);
});

test.each([
  ['version: v1\n\tx', /is not YAML at line 2/],
  ['version: v1\nversion: v1', /has a key twice at line 2/],
])('the text %j is told as what it is not', async (text, detail) => {
  expect((await failureOf(readText(text))).message).toMatch(detail);
});

test('a ConfigMap that is not there, or may not be read, is told', async () => {
  const missing = await failureOf(requireModifiers(sourceOf('absent')));
  expect(missing.code).toBe('modifier-not-usable');
  expect(missing.message).toBe(
    `/spec/resourceModifier names the ConfigMap ${NAMESPACE}/absent, which is not there; create it, or name another`,
  );
  const forbidding = wrapped(cluster, {
    read: () => Promise.reject(new Failure('cluster-forbidden', 'no')),
  });
  const forbidden = await failureOf(requireModifiers(sourceOf('absent', forbidding)));
  expect(forbidden.message).toContain('the worker may not read; let it get configmaps');
});

test('a request without modifiers asks nothing', async () => {
  const silent = wrapped(cluster, { read: () => Promise.reject(new Error('asked')) });
  expect(await readRequestedModifiers(sourceOf(undefined, silent))).toEqual({ modifiers: [] });
});
