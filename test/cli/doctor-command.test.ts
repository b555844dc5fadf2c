import { expect, test } from 'vitest';

import { startHoldfast } from '../support/holdfast.ts';

// Goal: doctor tells of an API that does not answer, and claims nothing of what only that knows. Method: the command line
// and a port at which nothing listens.

async function doctor(...flags: string[]) {
  const run = startHoldfast(['doctor', '--server', 'http://127.0.0.1:9', ...flags]);
  return { status: await run.status, stdout: run.stdout };
}

test('without an API, no cluster is taken for its own', async () => {
  const { status, stdout } = await doctor();
  expect(status).toBe(1);
  expect(stdout).toMatch(/^failed +Api: .*\n0 ok, 0 warnings, 1 failed\n$/);
  const told = JSON.parse((await doctor('-o', 'json')).stdout) as object;
  expect(told).toMatchObject({ kind: 'Diagnosis', result: 'Failed' });
  expect(told).not.toHaveProperty('cluster');
});

test('without an API, the cluster that was named is told', async () => {
  const { stdout } = await doctor('--cluster', 'second');
  expect(stdout).toContain('\ncluster second: 0 ok, 0 warnings, 1 failed\n');
});
