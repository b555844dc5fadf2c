import { expect, test } from 'vitest';

import { FAILURE_CODES, type FailureCode } from '../../../domain/failure.ts';
import { failureEntry } from '../../../domain/run-log/failure-entry.ts';
import { isAtLeast } from '../../../domain/run-log/level.ts';
import { phaseEntry } from '../../../domain/run-log/phase-entry.ts';
import { veleroLine } from '../../../domain/run-log/velero-text.ts';

test('a failure of every code has a hint', () => {
  for (const code of Object.keys(FAILURE_CODES) as FailureCode[]) {
    expect(failureEntry({ code, message: 'm' }, 'error').hint, code).toMatch(/^.{5,}[^.]$/);
  }
});

test('a failure tells what it is about, all that is wrong, and whose words it has', () => {
  const errors = [{ pointer: '/spec', code: 'invalid-request', detail: 'too long' } as const];
  const report = { code: 'plugin-failed', message: 'no', subject: 'pods/shop/a', errors } as const;
  expect(failureEntry(report, 'warning')).toEqual({
    ...{ level: 'warning', source: 'plugin', message: 'no', code: 'plugin-failed' },
    ...{ object: 'pods/shop/a', cause: '/spec: too long' },
    hint: "look at the log of the plugin's worker",
  });
});

test('levels are in the order of how grave they are', () => {
  expect(isAtLeast({ level: 'error' }, 'warning')).toBe(true);
  expect(isAtLeast({ level: 'warning' }, 'warning')).toBe(true);
  expect(isAtLeast({ level: 'info' }, 'warning')).toBe(false);
});

test('a line for Velero is text of logrus, its texts quoted where they have to be', () => {
  const change = { time: '2026-01-01T00:00:00.123Z', phase: 'InProgress', step: 'plan' } as const;
  const entry = { ...phaseEntry(change), object: 'pod shop/a "b"', message: 'two\nlines' };
  expect(veleroLine(entry, { kind: 'Backup', name: 'b1', runUid: 'u' })).toBe(
    'time="2026-01-01T00:00:00.123Z" level=info msg="two\\nlines" phase=InProgress ' +
      'object="pod shop/a \\"b\\"" backup=b1 run=u source=holdfast step=plan',
  );
});
