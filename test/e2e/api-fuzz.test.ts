import { afterAll, beforeAll, expect, test } from 'vitest';

import { fuzz } from '../support/schemathesis.ts';
import { FuzzedHoldfast } from '../support/fuzzed-holdfast.ts';

// Goal: whatever is sent to the API, no answer is a 500, and none is outside of its schema. Method: schemathesis makes
// requests from the OpenAPI document, valid and not, for a real installation with something of each kind; `make test-fuzz`
// goes on for longer.

const SEED = 1;
const IS_ASKED = 'ignored_auth,not_a_server_error,is_an_honest_problem';

let holdfast: FuzzedHoldfast;

beforeAll(async () => {
  holdfast = await FuzzedHoldfast.start();
});

afterAll(async () => {
  await holdfast.stop();
});

test('no answer to what a fuzzer sends is outside of its schema', async () => {
  const { findings, cases } = await fuzz(holdfast, { seed: SEED, flags: ['-n', '5'] });
  expect(findings).toBe('');
  expect(cases).toBeGreaterThan(3000);
});

test('no operation does without the token that the document says is needed', async () => {
  await holdfast.askWhoCalls();
  const flags = [
    ...['--checks', IS_ASKED, '--phases', 'fuzzing', '--mode', 'positive'],
    // A request tells something only where it is granted with the token, as looks mostly are.
    ...['--include-method', 'GET', '-n', '8'],
    ...['--header', `Authorization: Bearer ${holdfast.token}`],
  ];
  const { findings, cases } = await fuzz(holdfast, { seed: SEED, flags });
  expect(findings).toBe('');
  expect(cases).toBeGreaterThan(50);
});
