import { expect, test } from 'vitest';

import { needText } from '../../../domain/access/access-need.ts';
import { backupNeeds, restoreNeeds, scheduleNeeds } from '../../../domain/access/run-access.ts';
import type { BackupSpec } from '../../../domain/backup.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { SCHEDULE_DEFAULTS } from '../../../domain/schedules/schedule.ts';

// Goal: no spec asks for less than it touches. Method: specs of each kind, with the needs that they have in words.

const BACKUP: BackupSpec = {
  ...{ cluster: 'local', includedNamespaces: ['shop'], excludedNamespaces: [], ttl: '1h0m0s' },
};
const RESTORE: RestoreSpec = {
  ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['shop'], excludedNamespaces: [] },
  namespaceMapping: {},
};
const WITHOUT_RBAC = {
  includeClusterResources: false,
  excludedResources: ['roles.rbac.authorization.k8s.io', ' RoleBindings.rbac.authorization.k8s.io'],
};
const ACCESS = { verb: 'create', ownCluster: 'local' } as const;

function backup(spec: Partial<BackupSpec>): string[] {
  return backupNeeds({ ...BACKUP, ...spec }, ACCESS).map(needText);
}

function restore(spec: Partial<RestoreSpec>): string[] {
  return restoreNeeds({ ...RESTORE, ...spec }, ACCESS).map(needText);
}

test.each<[string, Partial<BackupSpec>, string[]]>([
  ['named namespaces', { includedNamespaces: ['a', 'b'] }, ['the namespace a', 'the namespace b']],
  ['all namespaces', { includedNamespaces: ['*'], includeClusterResources: false }, ['whole']],
  [
    'none, as others write all',
    { includedNamespaces: [], includeClusterResources: false },
    ['whole'],
  ],
  [
    'a pattern',
    { includedNamespaces: ['shop', 'team-?'], includeClusterResources: false },
    ['whole'],
  ],
  ['another cluster', { cluster: 'other', includeClusterResources: false }, ['whole']],
])('a backup of %s needs the grant there', (_case, spec, places) => {
  expect(backup(spec)).toEqual(
    places.map((place) =>
      place === 'whole'
        ? 'create backups.holdfast.dev in the whole cluster'
        : `create backups.holdfast.dev in ${place}`,
    ),
  );
});

test.each<[string, Partial<BackupSpec>]>([
  ['asks for them', { includeClusterResources: true }],
  ['asks for some', { includedClusterScopedResources: ['storageclasses'] }],
  ['takes all namespaces', { includedNamespaces: ['*'] }],
  ['has a policy, which may name some', { resourcePolicy: { kind: 'configmap', name: 'p' } }],
])('a backup that %s needs a grant for objects of the cluster', (_case, spec) => {
  expect(backup(spec)).toContain('create clusterbackups.holdfast.dev in the whole cluster');
});

test('a restore needs to read where its objects were, and to write where they come', () => {
  const spec = { ...WITHOUT_RBAC, includedNamespaces: ['a', 'b'], namespaceMapping: { a: 'c' } };
  expect(restore(spec)).toEqual([
    'get backups.holdfast.dev b in the namespace a',
    'get backups.holdfast.dev/data b in the namespace a',
    'get backups.holdfast.dev b in the namespace b',
    'get backups.holdfast.dev/data b in the namespace b',
    'create restores.holdfast.dev in the namespace c',
    'create restores.holdfast.dev in the namespace b',
  ]);
});

test.each<[string, Partial<RestoreSpec>]>([
  ['says nothing', {}],
  ['may bring objects of the cluster', { ...WITHOUT_RBAC, includeClusterResources: true }],
  ['does not say that it brings none', { excludedResources: WITHOUT_RBAC.excludedResources }],
  [
    'may bring roles',
    {
      includeClusterResources: false,
      excludedResources: ['rolebindings.rbac.authorization.k8s.io'],
    },
  ],
  // Another type of that name may be meant.
  [
    'excludes roles of any group',
    { includeClusterResources: false, excludedResources: ['roles', 'rolebindings'] },
  ],
  [
    'includes bindings',
    { includeClusterResources: false, includedResources: ['pods', ' RoleBinding'] },
  ],
  [
    'includes roles by their group',
    { includeClusterResources: false, includedResources: ['roles.rbac'] },
  ],
  ['changes what is there', { ...WITHOUT_RBAC, existingResourcePolicy: 'update' }],
  ['includes all', { includeClusterResources: false, includedResources: ['*'] }],
])('a restore that %s needs the grant of its own', (_case, spec) => {
  expect(restore(spec)).toContain('create clusterrestores.holdfast.dev in the whole cluster');
});

test.each<[string, Partial<RestoreSpec>]>([
  ['leaves them out', WITHOUT_RBAC],
  [
    'includes others alone',
    { includeClusterResources: false, includedResources: ['pods', 'configmaps'] },
  ],
])('a restore that %s needs none', (_case, spec) => {
  expect(restore(spec).join('\n')).not.toContain('clusterrestores');
});

test('who looks at a restore need not see its backup', () => {
  const access = { verb: 'get', name: 'r', ownCluster: 'local' } as const;
  expect(restoreNeeds({ ...RESTORE, ...WITHOUT_RBAC }, access).map(needText)).toEqual([
    'get restores.holdfast.dev r in the namespace shop',
  ]);
});

test('who makes a schedule makes backups, and who looks at one does not', () => {
  const spec = {
    ...SCHEDULE_DEFAULTS,
    schedule: '@daily',
    location: 'default',
    paused: false,
    template: BACKUP,
  };
  expect(scheduleNeeds(spec, ACCESS).map(needText)).toEqual([
    'create schedules.holdfast.dev in the namespace shop',
    'create backups.holdfast.dev in the namespace shop',
  ]);
  const access = { verb: 'get', name: 's', ownCluster: 'local' } as const;
  expect(scheduleNeeds(spec, access).map(needText)).toEqual([
    'get schedules.holdfast.dev s in the namespace shop',
  ]);
});
