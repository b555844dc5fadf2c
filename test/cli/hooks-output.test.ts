import { expect, test } from 'vitest';

import { hooksText } from '../../cli/hooks-output.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';

// Goal: people see at a glance which hook failed, why, and what it said.

const RUN: HookRun = {
  ...{ namespace: 'shop', pod: 'db-0', phase: 'pre', source: 'annotations', container: 'db' },
  ...{ command: ['fsfreeze', '--freeze', '/data'], onError: 'Fail', outcome: 'Succeeded' },
  ...{ startTimestamp: '2026-01-01T00:00:00Z', completionTimestamp: '2026-01-01T00:00:02Z' },
  exitCode: 0,
};

test('a line for each hook, and below them what those that have something to say have said', () => {
  const failed: HookRun = {
    ...{ ...RUN, phase: 'post', outcome: 'Failed', exitCode: 1 },
    ...{ message: 'it ended with exit code 1', stderr: 'not frozen\nat all\n', dropped: 12 },
  };
  const text = hooksText([{ namespace: 'shop', pod: 'db-0', isHeld: false, runs: [RUN, failed] }]);
  expect(text).toBe(
    `POD         HOOK   CONTAINER   COMMAND                   OUTCOME     EXIT   TOOK
shop/db-0   pre    db          fsfreeze --freeze /data   Succeeded   0      2s
shop/db-0   post   db          fsfreeze --freeze /data   Failed      1      2s
shop/db-0: the copies of its volumes are not consistent

shop/db-0, post hook:
  it ended with exit code 1
  stderr: not frozen
  stderr: at all
  12 bytes of its output were left out
`,
  );
});

test('hooks that were never run are told by what kept them', () => {
  const failure = { code: 'cluster-unreachable', message: 'the cluster does not answer' } as const;
  expect(hooksText([{ namespace: 'shop', pod: 'db-0', failure, runs: [] }])).toBe(
    'shop/db-0: the cluster does not answer\n',
  );
  const notRun = ['1 post hook: no pre hook was begun'];
  expect(hooksText([{ namespace: 'shop', pod: 'db-0', notRun, runs: [] }])).toBe(
    'shop/db-0: not run: 1 post hook: no pre hook was begun\n',
  );
  const swept = { ...RUN, phase: 'post', by: 'the sweeper' } as const;
  expect(hooksText([{ namespace: 'shop', pod: 'db-0', runs: [swept] }])).toContain(
    'shop/db-0, post hook:\n  it was run by the sweeper, which keeps no output\n',
  );
  expect(hooksText([])).toBe('');
});
