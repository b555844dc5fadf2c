import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { OWNER_KEY } from '../../domain/object-key.ts';
import { adoptLocation, claimLocation, readOwner } from '../../storage/location-owner.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

// Goal: a location has one owner at a time, whoever comes at the same time. Method: a folder, which honours conditions.

let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-owner-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function claimant(installation: string, day = 1) {
  return { installation, since: `2026-01-0${String(day)}T00:00:00Z` };
}

test('the first claimant owns a location, and keeps it', async () => {
  expect(await readOwner(store)).toBeUndefined();
  expect(await claimLocation(store, claimant('a'))).toMatchObject(claimant('a'));
  expect(await claimLocation(store, claimant('b', 2))).toMatchObject(claimant('a'));
  expect(await claimLocation(store, claimant('a', 3))).toMatchObject(claimant('a'));
  expect(await readOwner(store)).toMatchObject(claimant('a'));
});

test('of many claimants at the same time one owns it, and all are told the same', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `h${String(index)}`);
  const owners = await Promise.all(names.map((name) => claimLocation(store, claimant(name))));
  expect(new Set(owners.map(({ installation }) => installation)).size).toBe(1);
  expect(await readOwner(store)).toEqual(owners[0]);
});

test('whoever adopts it owns it, and adopting twice changes nothing', async () => {
  await claimLocation(store, claimant('a'));
  expect(await adoptLocation(store, claimant('b', 2))).toMatchObject(claimant('b', 2));
  expect(await adoptLocation(store, claimant('b', 3))).toMatchObject(claimant('b', 2));
  expect(await claimLocation(store, claimant('a', 4))).toMatchObject(claimant('b', 2));
});

test.each(['', '{}', '{"version":1,"kind":"LocationOwner","installation":7,"since":""}'])(
  'a file %j is none of ours, and nothing is written over it',
  async (text) => {
    await store.put(OWNER_KEY, Buffer.from(text));
    await expect(claimLocation(store, claimant('a'))).rejects.toMatchObject({
      code: 'unsupported-format',
      subject: OWNER_KEY,
    });
  },
);
