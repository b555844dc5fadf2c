import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../../domain/item.ts';
import { objectDiff } from '../../../domain/restore/object-diff.ts';
import { shownDiff } from '../../../domain/restore/shown-diff.ts';

// Goal: what is shown of a change is short, and never the value of a Secret.

const SECRET = { group: '', resource: 'secrets' };
const CONFIG_MAP = { group: '', resource: 'configmaps' };

test('values of a secret are not shown, wherever tools keep them', () => {
  const live: KubernetesObject = {
    metadata: { name: 's', annotations: { 'kubectl.kubernetes.io/last-applied': 'hush-1' } },
    data: { password: 'hush-2', gone: 'hush-3' },
    type: 'Opaque',
  };
  const next: KubernetesObject = {
    metadata: {
      name: 's',
      labels: { app: 'web' },
      annotations: { 'kubectl.kubernetes.io/last-applied': 'hush-4', 'helm.sh/chart': 'c' },
    },
    data: { password: 'hush-5' },
    stringData: { new: 'hush-6' },
    type: 'Opaque',
  };
  const { diff } = shownDiff(SECRET, objectDiff(live, next));
  expect(diff).toEqual([
    { path: '/data/gone', op: 'remove', value: 'changed' },
    { path: '/data/password', op: 'replace', value: 'changed' },
    { path: '/metadata/annotations/helm.sh~1chart', op: 'add', to: 'c' },
    {
      path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied',
      op: 'replace',
      value: 'changed',
    },
    { path: '/metadata/labels', op: 'add', to: { app: 'web' } },
    { path: '/stringData', op: 'add', value: 'changed' },
  ]);
});

test('annotations of a secret that come as a whole are not shown either', () => {
  const live = { metadata: { name: 's' } };
  const next = { metadata: { name: 's', annotations: { tool: 'hush' } } };
  expect(JSON.stringify(shownDiff(SECRET, objectDiff(live, next)))).not.toContain('hush');
});

test('the same fields of anything else are shown', () => {
  const changes = [{ path: '/data/password', op: 'replace', from: 'a', to: 'b' }] as const;
  expect(shownDiff(CONFIG_MAP, changes)).toEqual({ diff: changes });
});

test('a long value is cut and its length told, as text or as JSON', () => {
  const to = Array.from({ length: 100 }, (_, index) => index);
  const changes = [{ path: '/data/a', op: 'replace', from: 'x'.repeat(5000), to }] as const;
  const [change] = shownDiff(CONFIG_MAP, changes).diff;
  expect(change?.from).toBe(`${'x'.repeat(200)}… (5000 characters)`);
  expect(change?.to).toBe(`${JSON.stringify(to).slice(0, 200)}… (291 characters)`);
});

test('of many changes the first are shown and the others counted', () => {
  const changes = Array.from({ length: 130 }, (_, index) => ({
    ...{ path: `/data/${String(index)}`, op: 'add' as const, to: '' },
  }));
  const { diff, moreChanges } = shownDiff(CONFIG_MAP, changes);
  expect(diff).toHaveLength(100);
  expect(moreChanges).toBe(30);
});
