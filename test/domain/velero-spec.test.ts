import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { BackupSpec } from '../../domain/backup.ts';
import type {
  BackupHookResource,
  BackupHooks,
  BackupHookSpec,
} from '../../domain/hooks/hook-spec.ts';
import type { LabelRequirement, LabelSelector } from '../../domain/selection/label-selector.ts';
import { veleroRecord } from '../../domain/velero-record.ts';
import { specOfVelero } from '../../domain/velero-spec.ts';

// Goal: a record tells the whole selection in Velero's words, and is read back as the spec that it was made of.
// Method: specs of every field as random values, through the text of a record; and records as Velero writes them.

const PLAIN: BackupSpec = {
  cluster: 'local',
  includedNamespaces: ['*'],
  excludedNamespaces: [],
  ttl: '720h0m0s',
};

const FIELDS = [
  ...['includedNamespaces', 'excludedNamespaces', 'ttl', 'includedResources', 'labelSelector'],
  ...['orLabelSelectors', 'orderedResources', 'resourcePolicy', 'snapshotVolumes', 'hooks'],
];

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
const names = fc.array(name, { minLength: 1, maxLength: 4 });
const texts = fc.dictionary(name, name, { minKeys: 1, maxKeys: 3 });
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key: name, operator: fc.constantFrom('In', 'NotIn'), values: names }),
  fc.record({ key: name, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector: fc.Arbitrary<LabelSelector> = fc
  .record(
    {
      matchLabels: texts,
      matchExpressions: fc.array(requirement, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .filter((made) => Object.keys(made).length > 0);
const hook: fc.Arbitrary<BackupHookSpec> = fc.record({
  exec: fc.record(
    {
      container: name,
      command: fc.array(name, { minLength: 1 }),
      onError: fc.constantFrom('Continue', 'Fail'),
      timeout: fc.constantFrom('30s', '1m0s'),
    },
    { requiredKeys: ['command'] },
  ),
});
const hookLists = fc.array(hook, { minLength: 1, maxLength: 2 });
const hookResource: fc.Arbitrary<BackupHookResource> = fc.record(
  {
    name,
    includedNamespaces: names,
    excludedNamespaces: names,
    includedResources: names,
    excludedResources: names,
    labelSelector: selector,
    pre: hookLists,
    post: hookLists,
  },
  { requiredKeys: ['name'] },
);
const hooks: fc.Arbitrary<BackupHooks> = fc
  .record(
    {
      resources: fc.array(hookResource, { minLength: 1, maxLength: 2 }),
      thawAfter: fc.constantFrom('5m', '1h'),
    },
    { requiredKeys: [] },
  )
  .filter((made) => Object.keys(made).length > 0);
const spec: fc.Arbitrary<BackupSpec> = fc.record(
  {
    cluster: fc.constant('local'),
    includedNamespaces: names,
    excludedNamespaces: fc.array(name, { maxLength: 3 }),
    ttl: fc.constantFrom('1h0m0s', '720h0m0s'),
    includedResources: names,
    excludedResources: names,
    includeClusterResources: fc.boolean(),
    includedClusterScopedResources: names,
    excludedClusterScopedResources: names,
    includedNamespaceScopedResources: names,
    excludedNamespaceScopedResources: names,
    labelSelector: selector,
    orLabelSelectors: fc.array(selector, { minLength: 1, maxLength: 3 }),
    orderedResources: texts,
    resourcePolicy: fc.record({ kind: fc.constant('configmap'), name }),
    apiVersions: fc.constantFrom('Preferred', 'All'),
    snapshotVolumes: fc.boolean(),
    defaultVolumesToFsBackup: fc.boolean(),
    volumeVerification: fc.constantFrom('Counts', 'ReadBack'),
    hooks,
  },
  { requiredKeys: ['cluster', 'includedNamespaces', 'excludedNamespaces', 'ttl'] },
);

function recordOf(made: BackupSpec) {
  return veleroRecord({
    location: 'default',
    name: 'b',
    runUid: 'u',
    spec: made,
    cluster: { uid: 'c', gitVersion: 'v1.33.1', major: '1', minor: '33' },
    result: {
      phase: 'Completed',
      startTimestamp: '2026-01-01T00:00:00Z',
      completionTimestamp: '2026-01-01T00:00:01Z',
      items: 1,
      archiveBytes: 1,
      warnings: 0,
      errors: 0,
    },
  });
}

test('a spec is read back from its record as it was, whatever it selects', () => {
  fc.assert(
    fc.property(spec, (made) => {
      // What a record holds is JSON of this very type.
      const { spec: read, metadata } = JSON.parse(JSON.stringify(recordOf(made))) as ReturnType<
        typeof recordOf
      >;
      expect(specOfVelero(read, metadata.annotations)).toEqual(made);
    }),
  );
});

test('a request without filters has no more in its record than Velero asks for', () => {
  const { spec: written, metadata } = recordOf(PLAIN);
  expect(JSON.stringify(written)).toBe(
    '{"ttl":"720h0m0s","includedNamespaces":["*"],"storageLocation":"default","hooks":{},"metadata":{}}',
  );
  expect(Object.keys(metadata.annotations ?? {})).not.toContain('holdfast.dev/api-versions');
});

test('every filter has the name and the shape in the record that Velero gives it', () => {
  const { spec: written, metadata } = recordOf({
    ...PLAIN,
    excludedNamespaces: ['kube-*'],
    includedClusterScopedResources: ['storageclasses'],
    labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    orderedResources: { pods: 'shop/a,shop/b' },
    resourcePolicy: { kind: 'configmap', name: 'policies' },
    snapshotVolumes: false,
    apiVersions: 'All',
    volumeVerification: 'Counts',
    hooks: {
      resources: [{ name: 'freeze', pre: [{ exec: { command: ['sync'], timeout: '5s' } }] }],
      thawAfter: '5m',
    },
  });
  expect(written).toEqual({
    ttl: '720h0m0s',
    includedNamespaces: ['*'],
    excludedNamespaces: ['kube-*'],
    includedClusterScopedResources: ['storageclasses'],
    snapshotVolumes: false,
    labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    orderedResources: { pods: 'shop/a,shop/b' },
    resourcePolicy: { kind: 'configmap', name: 'policies' },
    storageLocation: 'default',
    hooks: {
      resources: [{ name: 'freeze', pre: [{ exec: { command: ['sync'], timeout: '5s' } }] }],
    },
    metadata: {},
  });
  expect(metadata.annotations).toMatchObject({
    'holdfast.dev/api-versions': 'All',
    'holdfast.dev/volume-verification': 'Counts',
    'holdfast.dev/thaw-after': '5m',
  });
});

test("the filters of a backup that Velero's own command made are shown", () => {
  const written = {
    ...{ csiSnapshotTimeout: '10m0s', defaultVolumesToFsBackup: false, hooks: {}, metadata: {} },
    excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
    labelSelector: { matchLabels: { app: 'shop' } },
    resourcePolicy: { apiGroup: null, kind: 'ConfigMap', name: 'policies' },
    ttl: '24h0m0s',
  };
  expect(specOfVelero(written, undefined)).toEqual({
    ...PLAIN,
    ttl: '24h0m0s',
    excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
    labelSelector: { matchLabels: { app: 'shop' } },
    resourcePolicy: { kind: 'configmap', name: 'policies' },
    defaultVolumesToFsBackup: false,
  });
});

test('the hooks of a backup that Velero made are shown without its zeros', () => {
  const exec = { command: ['sync'], onError: 'Fail', timeout: '0s' };
  const resources = [{ name: 'freeze', labelSelector: null, pre: [{ exec }], post: null }];
  expect(specOfVelero({ hooks: { resources } }, undefined).hooks).toEqual({
    resources: [{ name: 'freeze', pre: [{ exec: { command: ['sync'], onError: 'Fail' } }] }],
  });
});

test('what a damaged record has in place of a filter is passed over', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue()), (written) => {
      const read = specOfVelero(written, written['labelSelector']);
      expect(read.includedNamespaces.length).toBeGreaterThan(0);
      // What was taken over has its right shape, so that it is all taken over again.
      expect(specOfVelero({ ...read }, undefined)).toEqual(read);
    }),
  );
});
