import { afterAll, beforeAll, expect, test } from 'vitest';

import { readResourcePolicies } from '../../../activities/backup/read-policy.ts';
import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { Failure } from '../../../domain/failure.ts';
import { CONFIG_MAP, fillNamespace } from '../../support/cluster-fixture.ts';
import { dropNamespaces } from '../../support/dropped-namespaces.ts';
import { deleteNamespace } from '../../support/kubectl.ts';

// Goal: policies are read as they were written, or what is wrong with them is told, and no file holds up a worker.
// Method: ConfigMaps of the real API server; it lets everybody in, so refusals come from a fake.

const NAMESPACE = 'read-policy-test';
const { signal } = new AbortController();
let cluster: Cluster;
let created = 0;

beforeAll(async () => {
  cluster = openCluster();
  await deleteNamespace(NAMESPACE);
  await fillNamespace(NAMESPACE, { type: CONFIG_MAP, count: 0, bytes: 0 });
});

afterAll(async () => {
  await cluster.close();
  await dropNamespaces(NAMESPACE);
});

/** What is read from a ConfigMap with this data. */
async function readData(data: Record<string, string> | undefined) {
  created += 1;
  const name = `policies-${String(created)}`;
  const metadata = { name, namespace: NAMESPACE };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  await cluster.create(CONFIG_MAP, data === undefined ? configMap : { ...configMap, data });
  return readResourcePolicies(cluster, { name, namespace: NAMESPACE }, signal);
}

function errorsIn(read: Awaited<ReturnType<typeof readResourcePolicies>>): string[] {
  const errors = 'errors' in read ? read.errors : [];
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'policy-not-usable'));
  return errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
}

test('the policies of a ConfigMap are read, whatever its key is called', async () => {
  const text = `
version: v1
volumePolicies:
  # Scratch space is made anew.
  - conditions: &scratch
      capacity: "0,1Gi"
      storageClass: [scratch]
    action: { type: skip }
  - conditions:
      <<: *scratch
      csi: {}
    action:
      type: snapshot
`;
  expect(await readData({ 'what-ever.yaml': text })).toEqual({
    policies: {
      volumePolicies: [
        {
          conditions: { capacity: { lowBytes: 0, highBytes: 2 ** 30 }, storageClass: ['scratch'] },
          action: 'skip',
        },
        {
          conditions: {
            capacity: { lowBytes: 0, highBytes: 2 ** 30 },
            storageClass: ['scratch'],
            csi: {},
          },
          action: 'snapshot',
        },
      ],
    },
  });
});

test('all that is wrong with the policies is told with its place in them', async () => {
  const text = 'version: v2\nvolumePolicies:\n  - conditions: { capacity: 5 }\n    action: {}\n';
  expect(await readData({ policies: text })).toMatchObject({
    errors: [
      { pointer: 'resourcePolicy:/version' },
      { pointer: 'resourcePolicy:/volumePolicies/0/conditions/capacity' },
      { pointer: 'resourcePolicy:/volumePolicies/0/action/type' },
    ],
  });
});

test('a ConfigMap that is not there, or that may not be read, is named', async () => {
  const item = { name: 'nobody', namespace: NAMESPACE };
  expect(errorsIn(await readResourcePolicies(cluster, item, signal))).toEqual([
    expect.stringContaining(
      `/spec/resourcePolicy names the ConfigMap ${NAMESPACE}/nobody, which is not there`,
    ),
  ]);
  const refused = { read: () => Promise.reject(new Failure('cluster-forbidden', 'read: 403')) };
  expect(errorsIn(await readResourcePolicies(refused, item, signal))).toEqual([
    expect.stringContaining(`${NAMESPACE}/nobody, which the worker may not read`),
  ]);
});

test('a cluster that cannot be asked is no mistake of the policies', async () => {
  const away = {
    read: () => Promise.reject(new Failure('cluster-unreachable', 'read: no answer')),
  };
  const item = { name: 'policies', namespace: NAMESPACE };
  await expect(readResourcePolicies(away, item, signal)).rejects.toThrow('no answer');
});

/** Each level has ten of the level before it: a few lines that would be ten thousand million values. */
const BOMB = Array.from({ length: 10 }, (_, level) => {
  const elements = Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*a${String(level - 1)}`));
  return `k${String(level)}: &a${String(level)} [${elements.join(',')}]`;
}).join('\n');

test.each<[string, Record<string, string> | undefined, string]>([
  ['no data', undefined, 'must have exactly one key in data'],
  ['two keys', { a: 'version: v1', b: 'version: v1' }, 'must have exactly one key in data'],
  ['no YAML', { a: 'version: [v1\nx: {' }, 'is not YAML at line 2'],
  ['two documents', { a: 'version: v1\n---\nversion: v1\n' }, 'is not YAML at line 2'],
  [
    'a key twice',
    { a: 'version: v1\nvolumePolicies: []\nversion: v1\n' },
    'has a key twice at line 3',
  ],
  ['a key twice further in', { a: 'a:\n  - b: { c: 1, c: 2 }' }, 'has a key twice at line 2'],
  ['an alias of nothing', { a: 'version: *nothing' }, 'has aliases that cannot be followed'],
  ['an alias of itself', { a: '&a [*a]' }, 'has aliases that cannot be followed'],
  ['a bomb of aliases', { a: BOMB }, 'has aliases that cannot be followed'],
  ['endless depth', { a: '['.repeat(60_000) }, 'is not YAML at line 1'],
  ['too much text', { a: `# ${'x'.repeat(65_536)}` }, 'has more than 65536 characters'],
  ['no policies', { a: '# nothing yet' }, 'resourcePolicy: must be a mapping'],
])('a ConfigMap with %s is refused', async (_, data, fault) => {
  expect(errorsIn(await readData(data))).toEqual([expect.stringContaining(fault)]);
});

test('a file of the greatest size that is allowed is read in seconds', async () => {
  const labels = Array.from({ length: 4000 }, (_, index) => `k${String(index)}: "1"`);
  const text = `version: v1\nvolumePolicies: [{ conditions: { pvcLabels: { ${labels.join(', ')} } }, action: { type: skip } }]`;
  const startMs = performance.now();
  expect(await readData({ a: text })).toHaveProperty('policies');
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
