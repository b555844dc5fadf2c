import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { parseBackupFile, readBackupFile } from '../../cli/velero-file.ts';
import { Failure } from '../../domain/failure.ts';

// Goal: a Velero Backup makes the same request here, and what of it does nothing is said. Method: files as Velero's
// command, kubectl and people write them; and files with one mistake each.

const HEAD = { apiVersion: 'velero.io/v1', kind: 'Backup' };
const METADATA = { name: 'nightly', namespace: 'velero' };

/** What `velero backup create nightly … -o yaml` prints. */
const PRINTED = `apiVersion: velero.io/v1
kind: Backup
metadata:
  creationTimestamp: null
  name: nightly
  namespace: velero
spec:
  csiSnapshotTimeout: 0s
  hooks: {}
  includedNamespaces:
  - team-*
  includeClusterResources: true
  itemOperationTimeout: 0s
  metadata: {}
  orderedResources:
    pods: shop/a,shop/b
  resourcePolicy:
    kind: configmap
    name: policies
  snapshotMoveData: false
  storageLocation: east
  ttl: 0s
status: {}
`;

function parsed(object: object) {
  return parseBackupFile(stringify(object), 'b.yaml');
}

function faultsOf(text: string): string[] {
  try {
    parseBackupFile(text, 'b.yaml');
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid-request') {
      return error.message.split('\n');
    }
    throw error;
  }
  return [];
}

test("what Velero's own command prints is taken, without a word about its defaults", () => {
  expect(parseBackupFile(PRINTED, 'b.yaml')).toEqual({
    name: 'nightly',
    location: 'east',
    spec: {
      includedNamespaces: ['team-*'],
      includeClusterResources: true,
      orderedResources: { pods: 'shop/a,shop/b' },
      resourcePolicy: { kind: 'configmap', name: 'policies' },
    },
    withoutEffect: [],
  });
});

test('an object of the cluster is taken without what the cluster has added', () => {
  const file = parsed({
    ...HEAD,
    metadata: {
      ...METADATA,
      ...{ uid: 'u', resourceVersion: '1', generation: 3, managedFields: [{}] },
      labels: { 'velero.io/storage-location': 'default' },
      annotations: {
        'velero.io/resource-timeout': '10m0s',
        'velero.io/source-cluster-k8s-gitversion': 'v1.33.1',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
    },
    spec: {
      labelSelector: { matchLabels: { app: 'shop' } },
      resourcePolicy: { apiGroup: null, kind: 'ConfigMap', name: 'policies' },
      excludedResources: null,
      ttl: '24h0m0s',
    },
    status: { phase: 'Completed' },
  });
  expect(file).toEqual({
    name: 'nightly',
    spec: {
      labelSelector: { matchLabels: { app: 'shop' } },
      resourcePolicy: { kind: 'configmap', name: 'policies' },
      ttl: '24h0m0s',
    },
    withoutEffect: [],
  });
});

test('hooks are taken without the zeros that Velero writes, whatever their shape', () => {
  const annotations = { 'holdfast.dev/thaw-after': '5m' };
  const hooksOf = (hooks: unknown, metadata: object = {}): unknown =>
    parsed({ ...HEAD, metadata, spec: { hooks } }).spec['hooks'];
  const resource = { name: 'freeze', labelSelector: null, includedNamespaces: ['shop'] };
  const hook = { exec: { container: '', command: ['sync'], timeout: '0s' } };
  expect(hooksOf({ resources: [{ ...resource, pre: [hook] }] }, { annotations })).toEqual({
    thawAfter: '5m',
    resources: [
      { name: 'freeze', includedNamespaces: ['shop'], pre: [{ exec: { command: ['sync'] } }] },
    ],
  });
  expect(hooksOf({ resources: null })).toBeUndefined();
  expect(hooksOf('x')).toBe('x');
  expect(parsed({ ...HEAD, metadata: { annotations }, spec: {} }).withoutEffect).toEqual([]);
});

test('JSON is taken as well, and so is a Backup of Holdfast', () => {
  const ours = {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Backup',
    metadata: {
      name: 'ours',
      uid: 'u',
      location: 'west',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { cluster: 'east', includedNamespaces: ['shop'], apiVersions: 'All' },
    status: {},
  };
  expect(parseBackupFile(JSON.stringify(ours), 'b.json')).toEqual({
    name: 'ours',
    location: 'west',
    spec: { cluster: 'east', includedNamespaces: ['shop'], apiVersions: 'All' },
    withoutEffect: [],
  });
});

test('a record of the bucket brings along what Velero has no field for', () => {
  const annotations = {
    'holdfast.dev/api-versions': 'All',
    'holdfast.dev/volume-verification': 'Counts',
  };
  const file = parsed({ ...HEAD, metadata: { ...METADATA, annotations }, spec: {} });
  expect(file).toMatchObject({
    spec: { apiVersions: 'All', volumeVerification: 'Counts' },
    withoutEffect: [],
  });
});

test('fields that do nothing here are named one by one', () => {
  const spec = {
    csiSnapshotTimeout: '10m0s',
    snapshotMoveData: true,
    datamover: 'velero',
    uploaderConfig: { parallelFilesUpload: 4 },
    volumeSnapshotLocations: ['aws'],
    volumeGroupSnapshotLabelKey: 'group',
    metadata: { labels: { team: 'shop' } },
  };
  const file = parsed({ ...HEAD, metadata: METADATA, spec });
  expect(file.spec).toEqual({});
  expect([...file.withoutEffect].sort()).toEqual(
    Object.keys(spec)
      .map((field) => `spec.${field}`)
      .sort(),
  );
});

test('labels and annotations that somebody gave a Backup are those of the backup', () => {
  const labels = { 'velero.io/storage-location': 'default', team: 'shop' };
  const annotations = { 'velero.io/resource-timeout': '10m0s', 'example.com/owner': 'ann' };
  const spec = { datamover: 'velero' };
  const file = parsed({ ...HEAD, metadata: { ...METADATA, labels, annotations }, spec });
  expect(file).toMatchObject({
    noted: { labels: { team: 'shop' }, annotations: { 'example.com/owner': 'ann' } },
    withoutEffect: ['spec.datamover'],
  });
});

test.each<[string, string, string]>([
  ['no YAML', 'kind: Backup\nspec: : x\n', 'b.yaml is not YAML or JSON: .* at line 2'],
  ['a field twice', 'kind: Backup\nkind: Backup\n', 'is not YAML or JSON: .* at line 2'],
  ['nothing', '', 'holds no object'],
  ['a list', '- a\n', 'holds no object'],
  ['two documents', `${PRINTED}---\n${PRINTED}`, 'holds several documents'],
  ['another kind', stringify({ ...HEAD, kind: 'Restore' }), 'must have kind Backup'],
  [
    'a schedule',
    stringify({ ...HEAD, kind: 'Schedule', spec: { schedule: '@daily', template: {} } }),
    'is a Schedule; make one of it with: holdfast schedule create -f',
  ],
  ['another version', stringify({ ...HEAD, apiVersion: 'v1' }), 'velero.io/v1 or holdfast.dev/v1'],
  ['a strange field', stringify({ ...HEAD, specs: {} }), 'has specs, which is not a field'],
  [
    'a strange field of the spec',
    stringify({ ...HEAD, spec: { includeNamespaces: [] } }),
    'has spec.includeNamespaces, which is not a field',
  ],
  [
    'a field of ours in a Backup of Velero',
    stringify({ ...HEAD, spec: { cluster: 'east' } }),
    'has spec.cluster, which is not a field',
  ],
  [
    'a strange field of the metadata',
    stringify({ ...HEAD, metadata: { nam: 'b' } }),
    'has metadata.nam, which is not a field',
  ],
  [
    'a number for a name',
    stringify({ ...HEAD, metadata: { name: 1 } }),
    'has metadata.name, which',
  ],
  ['a text for a spec', stringify({ ...HEAD, spec: 'all' }), 'has spec, which must be an object'],
  ['aliases without end', bomb(), 'has aliases that cannot be followed'],
])('a file with %s is refused', (_, text, fault) => {
  const faults = faultsOf(text);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(fault));
});

/** Ten levels of ten aliases each. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const aliases = Array.from({ length: 10 }, () => `*l${String(level)}`);
    return `l${String(level + 1)}: &l${String(level + 1)} [${aliases.join(', ')}]`;
  });
  return ['l0: &l0 [x]', ...levels].join('\n');
}

test('all that is wrong with a file is told at once', () => {
  const spec = { includeNamespaces: [], hook: {}, storageLocation: 1 };
  expect(faultsOf(stringify({ ...HEAD, extra: 1, metadata: { name: [] }, spec }))).toHaveLength(5);
});

test('a file is read by its path, and one that is not there is named', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'holdfast-file-')), 'b.yaml');
  await writeFile(path, PRINTED);
  expect((await readBackupFile(path)).name).toBe('nightly');
  await expect(readBackupFile(`${path}.gone`)).rejects.toMatchObject({
    code: 'invalid-request',
    message: `${path}.gone cannot be read; name a file that is there, or "-"`,
  });
});
