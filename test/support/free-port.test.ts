import type * as crypto from 'node:crypto';
import { createServer } from 'node:net';

import { expect, onTestFinished, test, vi } from 'vitest';

// Goal: tests that run at the same time do not take each other's ports. Method: the finder as several processes have it,
// and a random number that leads to a port which is taken.

const { next } = vi.hoisted(() => ({ next: [] as number[] }));

vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof crypto>()),
  randomInt: (from: number, to: number) => next.shift() ?? from + Math.floor((to - from) / 2),
}));

async function finderOf(pool: string | undefined): Promise<() => Promise<number>> {
  vi.stubEnv('VITEST_POOL_ID', pool);
  vi.resetModules();
  const { freePort } = await import('./free-port.ts');
  return freePort;
}

test('processes that run tests have ports of their own', async () => {
  const found: number[] = [];
  for (const pool of ['1', '2', '3', '4', undefined]) {
    const freePort = await finderOf(pool);
    found.push(Math.floor((await freePort()) / 1250));
  }
  expect(new Set(found).size).toBe(5);
});

test('a port at which something listens at another address is not given', async () => {
  const freePort = await finderOf('7');
  const taken = await freePort();
  const server = createServer().listen(taken, '127.0.0.2');
  onTestFinished(() => void server.close());
  const again = await finderOf('7');
  next.push(taken, taken + 1);
  expect(await again()).toBe(taken + 1);
});
