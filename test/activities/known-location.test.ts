import { expect, test } from 'vitest';

import { withKnownLocation } from '../../activities/known-location.ts';
import { Failure } from '../../domain/failure.ts';

function body(failures: Failure[]) {
  const runs = { count: 0 };
  const run = (): Promise<string> => {
    const failure = failures[runs.count++];
    return failure === undefined ? Promise.resolve('done') : Promise.reject(failure);
  };
  return { runs, run };
}

const unknown = () => new Failure('unknown-location', 'there is no storage location "vault"');

test('a location that was made a moment ago is met', async () => {
  const { runs, run } = body([unknown()]);
  const deps = { refreshLocations: () => Promise.resolve(true) };
  expect(await withKnownLocation(deps, run)).toBe('done');
  expect(runs.count).toBe(2);
});

test.each([
  ['that nobody knows', true, [unknown(), unknown()], 2],
  ['when nothing has changed', false, [unknown()], 1],
  ['whose body fails otherwise', true, [new Failure('held', 'held')], 1],
])('a location %s fails as before', async (_, hasChanged, failures, runsExpected) => {
  const { runs, run } = body([...failures]);
  const deps = { refreshLocations: () => Promise.resolve(hasChanged) };
  await expect(withKnownLocation(deps, run)).rejects.toThrow(failures.at(-1)?.message ?? '');
  expect(runs.count).toBe(runsExpected);
});
