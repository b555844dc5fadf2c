import { expect, test } from 'vitest';

import { Installation } from './installation.ts';

test('a Temporal CLI that is missing is said in a sentence, with what to set', async () => {
  const named = process.env['HOLDFAST_TEMPORAL_CLI'];
  process.env['HOLDFAST_TEMPORAL_CLI'] = '/no/such/temporal';
  try {
    await expect(Installation.start()).rejects.toThrow(
      /^temporal cannot be started: .*HOLDFAST_TEMPORAL_CLI \(spawn \/no\/such\/temporal ENOENT\)$/,
    );
  } finally {
    if (named === undefined) {
      delete process.env['HOLDFAST_TEMPORAL_CLI'];
    } else {
      process.env['HOLDFAST_TEMPORAL_CLI'] = named;
    }
  }
});
