import { expect, test } from 'vitest';

import { parseDiscovery } from '../../../activities/kubernetes/discovery.ts';

function resource(name: string, verbs: readonly string[] = ['list', 'get', 'create', 'delete']) {
  return { resource: name, scope: 'Namespaced', verbs, responseKind: { kind: name } };
}

function discovered(items: unknown): string {
  return JSON.stringify({ kind: 'APIGroupDiscoveryList', items });
}

test('a version whose server is away is told, and none of its types is listed', () => {
  const text = discovered([
    {
      metadata: { name: 'metrics.example' },
      versions: [
        { version: 'v2', freshness: 'Stale', resources: [resource('meters')] },
        { version: 'v1', freshness: 'Current', resources: [resource('meters'), resource('old')] },
      ],
    },
    {
      metadata: { name: 'gone.example' },
      versions: [{ version: 'v1', freshness: 'Stale', resources: [resource('things')] }],
    },
  ]);
  const discovery = parseDiscovery(text);
  expect(discovery?.failedGroups).toEqual(['metrics.example/v2', 'gone.example/v1']);
  expect(discovery?.types.map((type) => `${type.resource}/${type.version}`)).toEqual([
    'meters/v1',
    'old/v1',
  ]);
});

test('each type is taken once, in the preferred version, and only if it can be put back', () => {
  const text = discovered([
    {
      metadata: { name: 'apps' },
      versions: [
        { version: 'v1', resources: [resource('deployments'), resource('scales', ['get'])] },
        { version: 'v1beta1', resources: [resource('deployments')] },
      ],
    },
  ]);
  expect(parseDiscovery(text)?.types).toMatchObject([{ resource: 'deployments', version: 'v1' }]);
});

test('an answer in another form is none', () => {
  expect(parseDiscovery('{"kind":"APIGroupList"}')).toBeUndefined();
});
