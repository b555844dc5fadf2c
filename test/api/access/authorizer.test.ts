import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { firstOf } from '../../../api/access/authenticator.ts';
import { Authorizer } from '../../../api/access/authorizer.ts';
import type { AccessNeed, Subject } from '../../../domain/access/access-need.ts';
import type { Access } from '../../../domain/diagnosis/facts.ts';

// Goal: who polls is not asked for at the cluster each time, and what is taken away is gone within seconds. Method: a
// review that counts, and a clock that the test moves.

const ALICE: Subject = { username: 'alice', groups: [] };
const NEED: AccessNeed = { verb: 'get', resource: 'backups', namespace: 'shop', name: 'b' };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  // To the cache, a time of 0 is none.
  vi.advanceTimersByTime(1000);
});
afterEach(() => {
  vi.useRealTimers();
});

function counted(isAllowed: (access: Access) => boolean) {
  const asked: Access[] = [];
  const authorizer = new Authorizer((_subject, access) => {
    asked.push(access);
    return Promise.resolve(isAllowed(access));
  });
  return { asked, authorizer };
}

test('asks for the whole cluster first, and for the namespace only then', async () => {
  const { asked, authorizer } = counted(({ namespace }) => namespace === 'shop');
  expect(await authorizer.allows(ALICE, NEED)).toBe(true);
  expect(asked.map(({ group, namespace }) => [group, namespace])).toEqual([
    ['holdfast.dev', undefined],
    ['holdfast.dev', 'shop'],
  ]);
});

test('an answer is used for seconds, a refusal for fewer', async () => {
  let isAllowed = false;
  const { asked, authorizer } = counted(({ namespace }) => namespace === undefined && isAllowed);
  const everywhere: AccessNeed = { verb: 'list', resource: 'backups' };
  const ask = (): Promise<boolean> => authorizer.allows(ALICE, everywhere);
  expect([await ask(), await ask(), asked.length]).toEqual([false, false, 1]);
  isAllowed = true;
  vi.advanceTimersByTime(5100);
  expect([await ask(), asked.length]).toEqual([true, 2]);
  vi.advanceTimersByTime(5100);
  isAllowed = false;
  expect([await ask(), asked.length]).toEqual([true, 2]);
  vi.advanceTimersByTime(5100);
  expect([await ask(), asked.length]).toEqual([false, 3]);
});

test('one subject does not get the answer of another', async () => {
  const { asked, authorizer } = counted(() => true);
  await authorizer.allows(ALICE, NEED);
  await authorizer.allows({ ...ALICE, groups: ['dev'] }, NEED);
  expect(asked).toHaveLength(2);
});

test('a review that fails is not remembered', async () => {
  let tries = 0;
  const authorizer = new Authorizer(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('away')) : Promise.resolve(true);
  });
  await expect(authorizer.allows(ALICE, NEED)).rejects.toThrow('away');
  expect(await authorizer.allows(ALICE, NEED)).toBe(true);
});

test('a token is looked up once in seconds, and asked of each until one knows it', async () => {
  const asked: string[] = [];
  const known = firstOf([
    (token) => {
      asked.push(`first ${token}`);
      return Promise.resolve(undefined);
    },
    (token) => {
      asked.push(`second ${token}`);
      return Promise.resolve(token === 'a' ? ALICE : undefined);
    },
  ]);
  expect([await known('a'), await known('a'), await known('b')]).toEqual([ALICE, ALICE, undefined]);
  expect(asked).toEqual(['first a', 'second a', 'first b', 'second b']);
  vi.advanceTimersByTime(10_100);
  await known('a');
  expect(asked).toHaveLength(6);
});
