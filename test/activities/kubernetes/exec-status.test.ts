import { expect, test } from 'vitest';

import { parseExecStatus } from '../../../activities/kubernetes/exec.ts';

// Goal: the status that ends a command is read as the kubelet writes it. Method: what kubelets were seen to write, and
// what is none.

const exitCode = (message: string) => ({
  ...{ metadata: {}, status: 'Failure', reason: 'NonZeroExitCode' },
  message: 'command terminated with non-zero exit code: exit code 3',
  details: { causes: [{ reason: 'ExitCode', message }] },
});

test.each([
  ['success', { metadata: {}, status: 'Success' }, { exitCode: 0 }],
  ['an exit code', exitCode('3'), { exitCode: 3 }],
  ['a code of a signal', exitCode('137'), { exitCode: 137 }],
  ['a code that is no number', exitCode('x'), { reason: 'NonZeroExitCode' }],
  [
    'a program that is not there',
    { status: 'Failure', reason: 'InternalError', message: 'exec: "x": not found', code: 500 },
    { reason: 'InternalError' },
  ],
  ['a failure without a reason', { status: 'Failure' }, { reason: 'no reason' }],
  ['no status', { status: 'Other' }, undefined],
  ['a list', [], undefined],
  ['null', null, undefined],
])('%s is read', (_, status, expected) => {
  expect(parseExecStatus(JSON.stringify(status))).toEqual(expected);
});

test('a part of a status is none yet', () => {
  const whole = JSON.stringify(exitCode('3'));
  expect(parseExecStatus(whole.slice(0, -1))).toBeUndefined();
  expect(parseExecStatus('')).toBeUndefined();
});
