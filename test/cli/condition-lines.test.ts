import { expect, test } from 'vitest';

import { conditionsText } from '../../cli/condition-lines.ts';

test('conditions are a line each with reason, time and message; without them there is nothing', () => {
  const time = '2026-01-01T00:00:00Z';
  const rest = { reason: 'Missing', message: 'it is gone', lastTransitionTime: time };
  const conditions = [
    { type: 'Ready', status: 'False', ...rest },
    { type: 'Paused', status: 'Unknown', ...rest },
  ] as const;
  expect(conditionsText(conditions)).toBe(
    `Conditions:\n  Ready    False     Missing   ${time}   it is gone\n  Paused   Unknown   Missing   ${time}   it is gone\n`,
  );
  expect(conditionsText([])).toBe('');
  expect(conditionsText(undefined)).toBe('');
});
