import { expect, test } from 'vitest';

import { healthOf } from '../../domain/locations/location-health.ts';
import type { KeptLocation, StorageLocation } from '../../domain/storage-location.ts';
import { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

// Goal: a process meets the locations there are, whoever made or changed them, and goes on with what it knows while their
// source does not answer. Method: a source that the tests change.

const COMMON = { revision: { uid: 'u', generation: 1 }, spec: {} };
const FIXED: StorageLocation = { name: 'default', provider: 'folder', path: '/fixed' };

function kept(name: string, version: string, rest: Partial<KeptLocation> = {}): KeptLocation {
  const location = { name, provider: 'folder', path: `/${name}/${version}` } as const;
  return { ...COMMON, name, version, isDefault: false, location, ...rest };
}

/** A set whose source gives what `state.now` holds, or fails. */
function setOf(now: KeptLocation[] | Error) {
  const state = { now, opened: [] as string[] };
  const source = {
    list: () =>
      state.now instanceof Error ? Promise.reject(state.now) : Promise.resolve([...state.now]),
  };
  const open = (location: StorageLocation): ObjectStore => {
    state.opened.push(location.provider === 'folder' ? location.path : '');
    return {} as ObjectStore;
  };
  return { state, set: new LocationSet({ fixed: [FIXED], source, open }) };
}

test('what came, changed and went is known after the next look, and stores follow', async () => {
  const { state, set } = setOf([kept('vault', '1')]);
  expect(() => set.find('vault')).toThrow('there is no storage location "vault"');
  expect(await set.refresh()).toBe(true);
  const first = set.store('vault');
  expect(await set.refresh()).toBe(false);
  expect(set.store('vault')).toBe(first);
  state.now = [kept('vault', '2')];
  expect(await set.refresh()).toBe(true);
  expect(set.store('vault')).not.toBe(first);
  expect(state.opened).toEqual(['/vault/1', '/vault/2']);
  state.now = [];
  expect(await set.refresh()).toBe(true);
  expect(() => set.store('vault')).toThrow('there is no storage location "vault"');
});

test('a location of which another check is noted keeps its store, and has the health of that check', async () => {
  const { state, set } = setOf([kept('vault', '1')]);
  await set.refresh();
  const first = set.store('vault');
  const health = healthOf([], { checkedAt: '2026-01-01T00:00:00Z' });
  state.now = [kept('vault', '1', { health })];
  expect(await set.refresh()).toBe(false);
  expect(set.kept.map((one) => one.health)).toEqual([health]);
  expect(set.store('vault')).toBe(first);
});

test('what a look found that began when somebody missed a location is a change to them', async () => {
  const { set } = setOf([kept('vault', '1')]);
  expect(() => set.find('vault')).toThrow('there is no storage location "vault"');
  // The look that this began is under way.
  await Promise.resolve();
  expect(await set.refresh()).toBe(true);
  expect(set.find('vault').name).toBe('vault');
});

test('what was written while a look was under way is known after the next look', async () => {
  const answers: (() => void)[] = [];
  let now = [kept('old', '1')];
  const list = (): Promise<KeptLocation[]> => {
    const found = now;
    return new Promise((resolve) => {
      answers.push(() => {
        resolve(found);
      });
    });
  };
  const set = new LocationSet({ fixed: [FIXED], source: { list } });
  const before = set.freshen();
  now = [...now, kept('new', '1')];
  const after = set.refresh();
  answers[0]?.();
  await before;
  expect(set.kept.map(({ name }) => name)).toEqual(['old']);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.();
  expect(await after).toBe(true);
  expect(set.kept.map(({ name }) => name)).toEqual(['old', 'new']);
});

test('one of the configuration counts before a kept one of its name', async () => {
  const { set } = setOf([kept('default', '1')]);
  await set.refresh();
  expect(set.find('default')).toBe(FIXED);
  expect(set.all).toEqual([FIXED]);
  expect(set.kept).toEqual([]);
});

test('the default one is the one that is kept as such, and otherwise the one of this name', async () => {
  const { state, set } = setOf([kept('vault', '1')]);
  await set.refresh();
  expect(set.defaultName).toBe('default');
  state.now = [kept('vault', '2', { isDefault: true })];
  await set.refresh();
  expect(set.defaultName).toBe('vault');
});

test('one that cannot be used says why, and is in no way', async () => {
  const problem = { code: 'invalid-request', message: 'spec.bucket is wrong' } as const;
  const broken = { name: 'torn', version: '1', ...COMMON, isDefault: false, problem };
  const { set } = setOf([broken]);
  await set.refresh();
  expect(() => set.find('torn')).toThrow('spec.bucket is wrong');
  expect(set.all).toEqual([FIXED]);
});

test('a source that fails leaves what was known; a look for it alone tells', async () => {
  const { state, set } = setOf([kept('vault', '1')]);
  await set.refresh();
  state.now = new Error('away');
  await set.freshen('elsewhere');
  expect(set.find('vault').name).toBe('vault');
  await expect(set.refresh()).rejects.toThrow('away');
});

test('a name that is not known is looked for at once, and a known one is not', async () => {
  const { state, set } = setOf([]);
  await set.refresh();
  state.now = [kept('vault', '1')];
  await set.freshen('default');
  expect(set.all).toEqual([FIXED]);
  await set.freshen('vault');
  expect(set.find('vault').name).toBe('vault');
});

test('looks at the same time are one', async () => {
  let looks = 0;
  const source = { list: () => Promise.resolve((looks++, [])) };
  const set = new LocationSet({ fixed: [], source });
  await Promise.all([set.refresh(), set.refresh(), set.freshen('x')]);
  expect(looks).toBe(1);
});
