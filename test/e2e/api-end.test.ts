import { afterAll, beforeAll, expect, test } from 'vitest';

import { Installation } from '../support/installation.ts';

// Goal: a process of the API that is asked to end is not ready at once, and answers until who sends requests has noticed.
// Method: the process of a real installation gets SIGTERM.

let holdfast: Installation;

beforeAll(async () => {
  holdfast = await Installation.start({
    isFolder: true,
    environment: { api: { HOLDFAST_DRAIN: '60s' } },
  });
});

afterAll(async () => {
  await holdfast.stop();
});

test('after SIGTERM the API is not ready and answers, and a second one ends it in order', async () => {
  await expect.poll(() => readyz()).toMatchObject({ status: 'ok' });
  process.kill(holdfast.pidOf('api'), 'SIGTERM');

  await expect
    .poll(() => readyz())
    .toMatchObject({ status: 503, detail: 'this process of the API is about to end' });
  expect((await holdfast.request('GET', '/backups')).status).toBe(200);

  expect(await holdfast.end('api', 'SIGTERM')).toBe(0);
});

async function readyz(): Promise<unknown> {
  return (await fetch(`${holdfast.apiUrl}/readyz`)).json();
}
