import { expect, test } from 'vitest';

import {
  chooseVersions,
  compareVersions,
  type HeldType,
  whyNotServed,
} from '../../../domain/restore/version-choice.ts';

// Goal: objects are restored in a version that backup and cluster both know, or the restore says which has none.

function held(type: string, [preferred = '', ...others]: readonly string[]): HeldType {
  const group = type.split('.').slice(1).join('.');
  return { type, group, preferred, versions: new Set([preferred, ...others]) };
}

/** The version for a backup with some versions, the source's preferred one first, and a cluster with others. */
function chosen(backup: readonly string[], cluster: readonly string[]): string | undefined {
  const choice = chooseVersions(
    [held('w.example.com', backup)],
    new Map([['w.example.com', cluster]]),
  );
  return choice.chosen.get('w.example.com');
}

test.each([
  { backup: ['v1'], cluster: ['v1'], version: 'v1' },
  { backup: ['v1'], cluster: ['v2', 'v1'], version: 'v1' },
  { backup: ['v1', 'v2'], cluster: ['v2', 'v1'], version: 'v2' },
  { backup: ['v2', 'v1', 'v3'], cluster: ['v4', 'v3', 'v2', 'v1'], version: 'v2' },
  {
    backup: ['v3', 'v1beta1', 'v1alpha2', 'v2'],
    cluster: ['v9', 'v1alpha2', 'v1beta1', 'v2'],
    version: 'v2',
  },
  {
    backup: ['v3', 'v1beta2', 'v1beta10'],
    cluster: ['v9', 'v1beta2', 'v1beta10'],
    version: 'v1beta10',
  },
  { backup: ['v1beta1'], cluster: ['v1'], version: undefined },
  { backup: ['v1'], cluster: [], version: undefined },
])(
  '$backup in a backup and $cluster in the cluster give $version',
  ({ backup, cluster, version }) => {
    expect(chosen(backup, cluster)).toBe(version);
  },
);

test('versions are ordered as Kubernetes orders them', () => {
  const ordered = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'foo1',
    'foo10',
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
});

test('a refusal names each type with its versions on both sides, the silent server, and the remedy', () => {
  const refusal = whyNotServed({
    backupName: 'nightly',
    unserved: [
      held('gadgets.example.com', ['v1']),
      held('deployments.apps', ['v1beta1', 'v1beta2']),
      held('metrics.quiet.io', ['v1']),
    ],
    served: new Map([['deployments.apps', ['v1']]]),
    failedGroups: ['quiet.io/v1'],
  });
  expect(refusal?.errors?.map(({ detail }) => detail)).toEqual([
    'deployments.apps (backup: v1beta2, v1beta1; cluster: v1)',
    'gadgets.example.com (backup: v1; cluster: none)',
    'metrics.quiet.io (backup: v1; cluster: the API server of quiet.io/v1 does not answer)',
  ]);
  expect(refusal?.code).toBe('type-not-served');
  for (const { detail } of refusal?.errors ?? []) {
    expect(refusal?.message).toContain(detail);
  }
  expect(refusal?.message).toContain('spec.excludedResources');
});

test('a refusal of very many types names the first of them and counts the others', () => {
  const unserved = Array.from({ length: 70 }, (_, index) => held(`t${String(index)}.x.io`, ['v1']));
  const refusal = whyNotServed({ backupName: 'b', unserved, served: new Map(), failedGroups: [] });
  expect(refusal?.errors).toHaveLength(50);
  expect(refusal?.message).toContain('and 20 more');
});

test('a restore whose types are all served is not refused', () => {
  const about = { backupName: 'b', unserved: [], served: new Map(), failedGroups: ['x.io/v1'] };
  expect(whyNotServed(about)).toBeUndefined();
});
