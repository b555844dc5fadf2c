import { expect, test } from 'vitest';

import type { ResourceLists } from '../../../domain/backup.ts';
import type { ServedType } from '../../../domain/item.ts';
import { readTypes } from '../../../domain/restore/restore-types.ts';

// Goal: a name in a restore's lists means the type of the backup that it means in a backup's lists, and what means
// nothing, or what no restore touches, is refused. Method: a table of names; the cluster serves types that the backup
// lacks, under the same names.

const SERVED = [
  served('clusters.other.test', 'Cluster'),
  served('configmaps', 'ConfigMap', { singular: 'configmap', shortNames: ['cm'] }),
  served('deployments.apps', 'Deployment', { singular: 'deployment', shortNames: ['deploy'] }),
  served('secrets', 'Secret', { singular: 'secret' }),
];
const HELD = [
  served('configmaps', 'ConfigMap'),
  served('deployments.apps', 'Deployment'),
  served('clusters.cluster.x-k8s.io', 'Cluster'),
  served('nodes', 'Node'),
];

function served(type: string, kind: string, names: Partial<ServedType> = {}): ServedType {
  const [resource = '', ...group] = type.split('.');
  return {
    ...{ group: group.join('.'), version: 'v1', resource, kind, isNamespaced: true },
    ...{ singular: '', shortNames: [], ...names },
  };
}

function read(lists: ResourceLists) {
  const known = { served: SERVED, failedGroups: ['away.test/v1'] };
  return readTypes(lists, { backupName: 'b', held: HELD, ...known });
}

test.each<[name: string, types: readonly string[]]>([
  ['configmaps', ['configmaps']],
  ['cm', ['configmaps']],
  ['Deployment.apps', ['deployments.apps']],
  ['deploy.v1.apps', ['deployments.apps']],
  // The cluster serves another type of this name first, of which the backup has nothing.
  ['clusters', ['clusters.cluster.x-k8s.io']],
  ['cluster', ['clusters.cluster.x-k8s.io']],
  ['*.x-k8s.io', ['clusters.cluster.x-k8s.io']],
  ['*', ['configmaps', 'deployments.apps', 'clusters.cluster.x-k8s.io', 'nodes']],
  // The cluster knows it, or nobody can say; the backup has none.
  ['secret', []],
  ['widgets.away.test', []],
  ['*.nowhere.test', []],
])('%s names %j', (name, types) => {
  expect(read({ includedResources: [name] })).toEqual({
    types: { included: new Set(types), excluded: new Set() },
  });
  expect(read({ excludedResources: [name] })).toEqual({
    types: { included: undefined, excluded: new Set(types) },
  });
});

test('all names that mean nothing, or what no restore touches, are refused together', () => {
  const answer = read({
    includedResources: ['cm', 'gadgets', 'node', 'backups.velero.io'],
    excludedResources: ['gadget'],
  });
  const subject = 'spec.includedResources';
  const pointer = '/spec/includedResources';
  const text = (words: RegExp): unknown => expect.stringMatching(words);
  expect(answer).toMatchObject({
    refusal: {
      ...{ code: 'type-not-found', subject },
      message: text(
        /^spec\.includedResources names gadgets, .* the backup has clusters\.cluster\.x-k8s\.io, configmaps, deployments\.apps, nodes$/,
      ),
      errors: [
        { pointer, code: 'type-not-found', detail: text(/names gadgets,/) },
        { pointer, code: 'type-not-restorable', detail: text(/names nodes, which no restore/) },
        { pointer, code: 'type-not-restorable', detail: text(/names backups\.velero\.io,/) },
      ],
    },
  });
});
