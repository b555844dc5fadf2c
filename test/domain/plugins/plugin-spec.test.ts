import { describe, expect, test } from 'vitest';

import { completePluginSpec, pluginSpecErrors } from '../../../domain/plugins/plugin-spec.ts';

describe.each(['unavailableTimeout', 'callTimeout'] as const)('%s', (field) => {
  const most = field === 'callTimeout' ? '4h0m0s' : '24h0m0s';

  test.each([
    ['', 'must be a duration such as 10m or 1m30s'],
    ['5', 'must be a duration such as 10m or 1m30s'],
    ['-1m', 'must be a duration such as 10m or 1m30s'],
    [60, 'must be a duration such as 10m or 1m30s'],
    ['999ms', `must be from 1s to ${most}`],
    ['24h1s', `must be from 1s to ${most}`],
  ])('%j is refused by its field', (value, what) => {
    const pointer = `/spec/${field}`;
    expect(pluginSpecErrors({ [field]: value })).toEqual([
      { pointer, code: 'invalid-request', detail: `${pointer} ${what}` },
    ]);
  });

  test.each(['1s', '1m30s', most])('%s is taken as it is', (value) => {
    expect(pluginSpecErrors({ [field]: value })).toEqual([]);
    expect(completePluginSpec({ [field]: value })[field]).toBe(value);
  });
});

test('what is left out has its default', () => {
  expect(pluginSpecErrors({})).toEqual([]);
  expect(completePluginSpec({})).toEqual({ unavailableTimeout: '10m0s', callTimeout: '5m0s' });
});
