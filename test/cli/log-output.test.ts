import { expect, test } from 'vitest';

import { logLineText } from '../../cli/log-output.ts';
import type { RunLogEntry } from '../../domain/run-log/entry.ts';

const ENTRY: RunLogEntry = {
  ...{
    time: '2026-01-01T00:00:00.123Z',
    level: 'warning',
    source: 'holdfast',
    step: 'exportShard',
  },
  ...{ message: 'the cluster does not answer', code: 'cluster-unreachable', object: 'pods' },
  ...{ attempt: 2, cause: 'Error ECONNREFUSED', hint: 'check the network' },
};

test('a failure is one line with what it is about, what is known of it and what to do', () => {
  expect(logLineText(JSON.stringify(ENTRY))).toBe(
    '2026-01-01T00:00:00.123Z WARNING exportShard pods: the cluster does not answer ' +
      '[cluster-unreachable, attempt 2, Error ECONNREFUSED] (check the network)\n',
  );
});

test('a step that begins or ends is named once', () => {
  const { time, source, step } = ENTRY;
  const entry = { time, source, step, level: 'info', message: 'exportShard begins' };
  expect(logLineText(JSON.stringify(entry))).toBe(
    '2026-01-01T00:00:00.123Z INFO exportShard begins\n',
  );
});

test('output of a hook is one line, whatever it does to terminals', () => {
  const { time, source, step } = ENTRY;
  const message = 'stdout: one\ntwo\u001b[2J\u009b31m';
  const text = logLineText(
    JSON.stringify({ time, source, step, level: 'info', message, object: 'pod shop/a' }),
  );
  expect(text).toBe(
    '2026-01-01T00:00:00.123Z INFO exportShard pod shop/a: stdout: one\\ntwo\\u001b[2J\\u009b31m\n',
  );
});
