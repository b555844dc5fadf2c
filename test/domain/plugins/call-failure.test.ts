import { expect, test } from 'vitest';

import { callFailureText } from '../../../domain/plugins/call-failure.ts';
import { PLUGIN_FAILURE } from '../../../domain/plugins/contract-v1.ts';

// Goal: what a plugin has not said on purpose is not told. Method: failures as Temporal gives them.

test('the words of a failure on purpose are told, as far as they are not too many', () => {
  const failure = { type: PLUGIN_FAILURE, message: `the vault is sealed${'.'.repeat(1000)}` };
  const text = callFailureText('vault', failure);
  expect(text).toContain('the plugin vault failed: the vault is sealed');
  expect(text.length).toBeLessThan(600);
});

test('of another failure nothing but its type is told', () => {
  const failure = { type: 'ApiException', message: 'HTTP response body: password: s3cr3t' };
  expect(callFailureText('vault', failure)).toBe(
    'the plugin vault failed with ApiException; see the log of its worker',
  );
});

test.each([undefined, null, '', 'password: s3cr3t', 'x'.repeat(101)])(
  'what is no name of a type is not told: %s',
  (type) => {
    expect(callFailureText('vault', { type, message: 's3cr3t' })).toBe(
      'the plugin vault failed with an error; see the log of its worker',
    );
  },
);
