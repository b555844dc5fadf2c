import { afterAll, beforeAll, expect, test } from 'vitest';

import { FuzzedHoldfast } from '../support/fuzzed-holdfast.ts';
import { fuzz } from '../support/schemathesis.ts';

// Goal and method as of test/e2e/api-fuzz.test.ts, with other requests in each run, for as long as MINUTES says. SEED, which
// a run prints, repeats its requests.

const MINUTES = Number(process.env['MINUTES'] ?? '') || 10;
const SEED = Number(process.env['SEED'] ?? '') || Date.now() % 1_000_000;
/** Requests to each operation in a round of the fuzzer, of which there are as many as there is time for. */
const ROUND = '100';

let holdfast: FuzzedHoldfast;

beforeAll(async () => {
  holdfast = await FuzzedHoldfast.start();
});

afterAll(async () => {
  await holdfast.stop();
});

test('no answer to what a fuzzer sends is outside of its schema', async () => {
  console.log(`SEED=${String(SEED)}`);
  const flags = ['-n', ROUND, '--max-time', String(MINUTES * 60)];
  const { findings, cases } = await fuzz(holdfast, { seed: SEED, flags });
  console.log(`${String(cases)} requests`);
  expect(findings).toBe('');
  expect(cases).toBeGreaterThan(3000);
});
