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
  ['that nobody knows', { hasChanged: true, failures: [unknown(), unknown()] }],
  ['when nothing has changed', { hasChanged: false, failures: [unknown()] }],
  ['whose body fails otherwise', { hasChanged: true, failures: [new Failure('held', 'held')] }],
])('a location %s fails as before', async (_, { hasChanged, failures }) => {
  const { runs, run } = body([...failures]);
  const deps = { refreshLocations: () => Promise.resolve(hasChanged) };
  await expect(withKnownLocation(deps, run)).rejects.toThrow(failures.at(-1)?.message ?? '');
  expect(runs.count).toBe(failures.length);
});
