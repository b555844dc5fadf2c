import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';

// Goal: every answer is safe in a browser, and a process that cannot keep up says so instead of letting requests wait.
// Method: requests into an API whose Temporal is not there, and turns of its event loop that are made long.

const NOTHING = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";
let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

test.each([
  ['/livez', 200],
  ['/api/v1/openapi.json', 200],
  ['/api/v1/nothing', 404],
])('the answer to %s lets a browser load, frame and guess nothing', async (url, status) => {
  const { headers, statusCode } = await app.inject(url);
  expect(statusCode).toBe(status);
  expect(headers).toMatchObject({
    'content-security-policy': NOTHING,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
});

test('the answer to a path that cannot be decoded is taken for nothing but what it says', async () => {
  const { headers, statusCode } = await app.inject('/api/v1/backups/%zz');
  expect(statusCode).toBe(400);
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('while turns of the event loop take too long, requests are refused and the process lives', async () => {
  const refused = await untilRefused();
  expect(refused.headers['content-type']).toContain('application/problem+json');
  expect(refused.headers['retry-after']).toBe('5');
  expect(refused.json()).toMatchObject({
    ...{ status: 503, code: 'overloaded', retryable: true },
    title: 'The API has more to do than it can',
  });
  expect((await app.inject('/livez')).statusCode).toBe(200);

  await expect
    .poll(async () => (await app.inject('/api/v1/openapi.json')).statusCode, { timeout: 20_000 })
    .toBe(200);
});

/** Keeps the event loop busy, some turns long, until a request is refused. */
async function untilRefused() {
  for (let turn = 0; turn < 10; turn++) {
    const end = performance.now() + 1500;
    while (performance.now() < end) {
      // Nothing else runs meanwhile.
    }
    await nextTurn();
    await sleep(1);
    const answer = await app.inject('/api/v1/openapi.json');
    if (answer.statusCode !== 200) {
      return answer;
    }
  }
  throw new Error('no request was refused');
}
