import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { SharedLooks } from '../../../api/runs/shared-looks.ts';
import { SharedWaits } from '../../../api/runs/shared-waits.ts';

// Goal: however many watch a run, it is looked at once in a second, and nobody is shown what was before a change. Method:
// looks that are counted, and a clock that the test moves.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function counted(isKept = true) {
  const looks = new SharedLooks<number>(() => isKept);
  let count = 0;
  const look = (since?: number): Promise<number> =>
    looks.look('backup/default/b', () => Promise.resolve(++count), since);
  return { looks, look };
}

test('many who watch share one look a second', async () => {
  const { look } = counted();
  const first = await Promise.all(Array.from({ length: 200 }, () => look()));
  expect(new Set(first)).toEqual(new Set([1]));
  vi.advanceTimersByTime(900);
  expect(await look()).toBe(1);
  vi.advanceTimersByTime(200);
  expect([await look(), await look()]).toEqual([1, 2]);
});

test('who watches is shown what was seen last while the next look is under way', async () => {
  const looks = new SharedLooks<number>(() => true);
  await looks.look('a', () => Promise.resolve(1));
  vi.advanceTimersByTime(1500);
  let resolve: (seen: number) => void = () => undefined;
  const begin = vi.fn(
    () =>
      new Promise<number>((answer) => {
        resolve = answer;
      }),
  );
  expect([await looks.look('a', begin), await looks.look('a', begin)]).toEqual([1, 1]);
  vi.advanceTimersByTime(501);
  const patient = looks.look('a', begin);
  const changer = looks.look('a', begin, performance.now() - 501);
  resolve(2);
  expect([await patient, await changer]).toEqual([2, 2]);
  expect(begin).toHaveBeenCalledTimes(1);
});

test('a look that is slow is waited for a little, and no longer when what was seen is old', async () => {
  const looks = new SharedLooks<number>(() => true);
  await looks.look('a', () => Promise.resolve(1));
  vi.advanceTimersByTime(9_000);
  let resolve: (seen: number) => void = () => undefined;
  const slow = new Promise<number>((answer) => {
    resolve = answer;
  });
  expect(await looks.look('a', () => slow)).toBe(1);
  vi.advanceTimersByTime(900);
  expect(await looks.look('a', () => slow)).toBe(1);
  vi.advanceTimersByTime(101);
  const late = looks.look('a', () => slow);
  resolve(2);
  expect(await late).toBe(2);
});

test('what is seen after a change is not hidden by what was seen before', async () => {
  const { looks, look } = counted();
  await look();
  vi.advanceTimersByTime(10);
  let resolve: (seen: number) => void = () => undefined;
  const pending = new Promise<number>((answer) => {
    resolve = answer;
  });
  const changed = looks.look('backup/default/b', () => pending, performance.now());
  expect(await look()).toBe(1);
  resolve(7);
  expect(await changed).toBe(7);
  expect(await look()).toBe(7);
});

test('who changes something sees what is there then, and so does everybody after', async () => {
  const { looks, look } = counted();
  await look();
  vi.advanceTimersByTime(1);
  expect(await look(performance.now())).toBe(2);
  looks.forget('backup/default/b');
  expect(await look()).toBe(3);
});

test('many who take nothing that was seen before share one look, a second after the last one', async () => {
  const looks = new SharedLooks<number>(() => true);
  const begun: number[] = [];
  const look = (): Promise<number> => Promise.resolve(begun.push(performance.now()));
  vi.useRealTimers();
  await looks.look('a', look);
  const [last = 0] = begun;
  const seen = await Promise.all(Array.from({ length: 200 }, () => looks.next('a', look)));
  expect(new Set(seen)).toEqual(new Set([2]));
  // A timer may be a millisecond early.
  expect((begun[1] ?? 0) - last).toBeGreaterThan(998);
  expect(await looks.next('a', look)).toBe(3);
});

test('what is forgotten while it is looked at is not shown to who comes later', async () => {
  const { looks, look } = counted();
  const early = look();
  looks.forget('backup/default/b');
  expect(await look()).toBe(2);
  expect(await early).toBe(1);
  expect(await look()).toBe(2);
});

test('what has ended is looked at anew, and so is what could not be seen', async () => {
  const { look } = counted(false);
  expect([await look(), await look()]).toEqual([1, 2]);
  const looks = new SharedLooks<number>(() => true);
  const failing = (): Promise<number> => Promise.reject(new Error('away'));
  await expect(looks.look('a', failing)).rejects.toThrow('away');
  expect(await looks.look('a', () => Promise.resolve(1))).toBe(1);
});

test('things beyond a number make room', async () => {
  const looks = new SharedLooks<number>(() => true);
  const see = (id: number, seen: number): Promise<number> =>
    looks.look(String(id), () => Promise.resolve(seen));
  for (let id = 0; id <= 2000; id++) {
    await see(id, 1);
  }
  expect(await see(0, 2)).toBe(2);
  expect(await see(2000, 2)).toBe(1);
});

const STAYS = new AbortController().signal;

test('many who wait for one end send one question, and hear it together', async () => {
  vi.useRealTimers();
  const waits = new SharedWaits();
  let questions = 0;
  let end = (): void => undefined;
  const wait = (): Promise<void> => {
    questions += 1;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  const join = (waitMs: number): Promise<number | undefined> =>
    waits.join('a', wait, { waitMs, signal: STAYS });
  const patient = [join(60_000), join(60_000)];
  expect(await join(1)).toBeUndefined();
  end();
  const [first, second] = await Promise.all(patient);
  expect(first).toBeTypeOf('number');
  expect([second, questions]).toEqual([first, 1]);
  const again = join(60_000);
  expect(questions).toBe(2);
  end();
  await again;
});

test('who leaves waits no longer', async () => {
  vi.useRealTimers();
  const leave = new AbortController();
  const joined = new SharedWaits().join('a', () => sleep(60_000, undefined, { ref: false }), {
    ...{ waitMs: 60_000, signal: leave.signal },
  });
  leave.abort();
  expect(await joined).toBeUndefined();
});
