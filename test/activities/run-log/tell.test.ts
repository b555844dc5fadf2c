import { expect, test } from 'vitest';

import { ProblemList } from '../../../activities/backup/problem-list.ts';
import { withActivityLog } from '../../../activities/run-log/activity-log.ts';
import { tellHookRun } from '../../../activities/run-log/tell-hook-run.ts';
import { tellOutcomes } from '../../../activities/run-log/tell-outcomes.ts';
import type { HookRun } from '../../../domain/hooks/hook-run.ts';
import type { AppliedItem } from '../../../domain/restore/restore-outcome.ts';
import type { RunLogEntry } from '../../../domain/run-log/entry.ts';

// Goal: the log says what became of items, hooks and types, and quotes no value of an object. Method: what activities
// give, and the lines that come of it.

async function linesOf(tell: () => void): Promise<RunLogEntry[]> {
  const entries: RunLogEntry[] = [];
  const log = { step: 's', attempt: 1, take: (entry: RunLogEntry) => void entries.push(entry) };
  await withActivityLog(log, () => {
    tell();
    return Promise.resolve();
  });
  return entries;
}

function item(name: string, more: Partial<AppliedItem>): AppliedItem {
  const type = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' };
  return { ...type, namespace: 'shop', name, verb: 'created', ...more };
}

test('items are told that were not simply restored, without what the cluster said of them', async () => {
  const reason = 'cluster-rejected: the webhook w denies it: spec.password is s3cr3t';
  const lines = await linesOf(() => {
    tellOutcomes([
      item('made', {}),
      item('bad', { verb: 'failed', reason }),
      item('later', { verb: 'failed', reason, isPutAside: true }),
      item('there', { verb: 'skipped', reason: 'it exists and differs' }),
      item('partly', { isIncomplete: true, reason }),
    ]);
  });
  expect(lines.map(({ level, object, code }) => [level, object, code])).toEqual([
    ['error', 'deployments.apps/shop/bad', 'cluster-rejected'],
    ['info', 'deployments.apps/shop/later', 'cluster-rejected'],
    ['warning', 'deployments.apps/shop/there', undefined],
    ['warning', 'deployments.apps/shop/partly', undefined],
  ]);
  expect(lines[0]?.message).toBe(
    'deployments.apps/shop/bad failed: The cluster does not accept an object',
  );
  expect(JSON.stringify(lines)).not.toContain('s3cr3t');
});

test('all output of a hook is told, in lines that end where its own do', async () => {
  const stdout = `${'x'.repeat(79)}\n`.repeat(200);
  const run: HookRun = {
    ...{ namespace: 'shop', pod: 'db-0', phase: 'pre', source: 'annotations', container: 'db' },
    ...{ onError: 'Continue', outcome: 'Failed', code: 'hook-failed', message: 'exit code 3' },
    ...{ startTimestamp: '', completionTimestamp: '', stdout, stderr: 'pw: password=s3cr3t' },
  };
  const lines = await linesOf(() => {
    tellHookRun(run);
  });
  const said = lines.filter(({ message }) => message.startsWith('stdout: '));
  expect(said.map(({ message }) => `${message.slice('stdout: '.length)}\n`).join('')).toBe(stdout);
  expect(said.length).toBe(4);
  expect(lines.at(-2)).toMatchObject({ source: 'hook', message: 'stderr: pw: password=***' });
  expect(lines.at(-1)).toMatchObject({
    ...{ level: 'warning', code: 'hook-failed', object: 'pod shop/db-0: pre hook' },
    message: 'the pre hook of the pod shop/db-0, container db failed: exit code 3',
  });
});

test('a problem of a backup is told when it is met', async () => {
  const lines = await linesOf(() => {
    new ProblemList({ isPatient: false }).warning({ code: 'not-found', message: 'gone' });
  });
  expect(lines).toMatchObject([{ level: 'warning', code: 'not-found', step: 's' }]);
});
