import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { quiet } from '../../examples/plugins/typescript/quiet.ts';
import { whenEnded } from '../../examples/plugins/typescript/running.ts';
import { Told } from '../../examples/plugins/typescript/told.ts';

// Goal: nothing leaves the worker of the example but what is meant for it. Method: activities that fail, and what the SDK
// makes of that for the wire.

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A failure of an activity as it goes to Temporal. */
async function sent(activity: () => unknown) {
  const input = { args: [], headers: {} };
  const { inbound } = quiet();
  try {
    await inbound?.execute?.(input, () => Promise.resolve().then(activity));
  } catch (error) {
    return defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
  }
  return undefined;
}

test('of what a library throws only the type leaves the worker, and the log has it all', async () => {
  const cause = new Error('password: s3cr3t');
  const failure = await sent(() => {
    throw new TypeError('s3cr3t is no number', { cause });
  });
  expect(failure).toMatchObject({
    message: 'TypeError; see the log of the plugin',
    applicationFailureInfo: { type: 'TypeError', nonRetryable: false },
  });
  expect(failure).toMatchObject({ cause: undefined, stackTrace: '' });
  expect(vi.mocked(console.error).mock.calls).toEqual([[expect.any(TypeError)]]);
});

test('words for people leave it as such', async () => {
  const failure = await sent(() => {
    throw new Told('the vault is sealed');
  });
  expect(failure).toMatchObject({
    message: 'the vault is sealed',
    applicationFailureInfo: { type: 'PluginFailure' },
  });
});

test('that an operation runs is told with how far it is', async () => {
  const failure = await sent(() =>
    whenEnded({ operations: [{ requestId: 'r', phase: 'Running' }] }),
  );
  expect(failure).toMatchObject({
    ...{ stackTrace: '' },
    applicationFailureInfo: { type: 'OperationRunning', details: { payloads: [{}] } },
  });
});
