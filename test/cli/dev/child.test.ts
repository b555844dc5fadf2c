import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import { Child, type RestartLimits } from '../../../cli/dev/child.ts';

// Goal: a part of `holdfast dev` that dies is started again, but not for ever, and ends when it is asked to.
// Method: real processes that die, or do not, at once.

const QUICK: RestartLimits = { pauseMs: 1, restartsMax: 2, windowMs: 60_000 };
const children: Child[] = [];

afterEach(() => {
  for (const child of children) {
    child.kill();
  }
});

function childOf(script: string, limits: RestartLimits): { child: Child; pids: number[] } {
  const pids: number[] = [];
  const spec = {
    name: 'part',
    command: 'bash',
    args: ['-c', script],
    env: process.env,
    isNode: false,
    isVerbose: false,
    readyText: 'ready',
    onStart: (pid: number) => {
      pids.push(pid);
    },
  };
  const child = new Child(spec, limits);
  children.push(child);
  child.start();
  return { child, pids };
}

test('a child that keeps dying is given up after its restarts, with its last lines', async () => {
  const { child, pids } = childOf('echo no luck; exit 3', QUICK);
  await expect.poll(() => child.hasGivenUp).toBe(true);
  await sleep(50);
  expect(new Set(pids).size).toBe(1 + QUICK.restartsMax);
  expect(child.tail).toContain('no luck');
});

test('deaths that are far apart are not counted together', async () => {
  const { child, pids } = childOf('sleep 0.05', { ...QUICK, windowMs: 20 });
  await expect.poll(() => pids.length, { timeout: 10_000 }).toBeGreaterThan(6);
  expect(child.hasGivenUp).toBe(false);
  await child.end();
});

test('a child that was killed is started again, and is not ready before it says so', async () => {
  const { child, pids } = childOf('sleep 0.3; echo ready; exec sleep 600', QUICK);
  await expect.poll(() => child.isReady).toBe(true);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await expect.poll(() => pids.length).toBe(2);
  expect(child.isReady).toBe(false);
  await expect.poll(() => child.isReady).toBe(true);
  await child.end();
  expect(() => process.kill(pids[1] ?? 0, 0)).toThrow();
});

test('a program that is not there is given up too', async () => {
  const spec = { name: 'part', command: '/no/such/program', args: [], env: {} };
  const rest = { isNode: false, isVerbose: false, readyText: '' };
  const child = new Child({ ...spec, ...rest }, QUICK);
  child.start();
  await expect.poll(() => child.hasGivenUp).toBe(true);
  expect(child.tail).toContain('ENOENT');
});
