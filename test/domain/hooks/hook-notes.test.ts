import { expect, test } from 'vitest';

import { hookNotes } from '../../../domain/hooks/hook-notes.ts';

function hooksOf(annotations: Record<string, string>, phase = 'Running'): string[] {
  const metadata = { name: 'db-0', namespace: 'shop', annotations };
  return hookNotes({ metadata, status: { phase } }).map(
    ({ namespace, pod, hook }) => `${namespace}/${pod} ${hook}`,
  );
}

test('a pod with commands for before and after has two hooks', () => {
  const pre = { 'pre.hook.backup.velero.io/command': '["sync"]' };
  const post = { 'post.hook.backup.velero.io/command': 'thaw' };
  expect(hooksOf({ ...post, ...pre })).toEqual(['shop/db-0 pre', 'shop/db-0 post']);
  expect(hooksOf(post)).toEqual(['shop/db-0 post']);
});

test('the old annotation stands for a hook before, once', () => {
  const legacy = { 'hook.backup.velero.io/command': 'sync' };
  expect(hooksOf(legacy)).toEqual(['shop/db-0 pre']);
  expect(hooksOf({ ...legacy, 'pre.hook.backup.velero.io/command': 'sync' })).toEqual([
    'shop/db-0 pre',
  ]);
});

test('a pod without a command, or one that has ended, has no hooks', () => {
  expect(hooksOf({})).toEqual([]);
  expect(hooksOf({ 'pre.hook.backup.velero.io/container': 'db' })).toEqual([]);
  expect(hooksOf({ 'pre.hook.backup.velero.io/command': '' })).toEqual([]);
  expect(hooksOf({ 'pre.hook.backup.velero.io/command': 'sync' }, 'Succeeded')).toEqual([]);
  expect(hooksOf({ 'post.hook.restore.velero.io/command': 'warm' })).toEqual([]);
});
