import { expect, test } from 'vitest';

import {
  checkRepository,
  listRepositoryLocks,
  pruneRepository,
  unlockRepository,
} from '../../../activities/volumes/maintain-repository.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import { inActivity } from '../../support/activity-context.ts';
import { HELD_MASTER_KEY } from '../../support/held-master-key.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';

// Goal: what the maintenance finds in its way is an answer, and it removes no lock that it was not told of.

const engine = new MemoryEngine();
const LOCATION = { name: 'default', provider: 'folder', path: '/nonexistent' } as const;
const tools = {
  ...{ engine, namespace: 'holdfast', cluster: HELD_MASTER_KEY },
  location: () => LOCATION,
  store: () => openObjectStore(LOCATION),
};

function keyOf(namespace: string) {
  return { location: 'default', clusterUid: 'cluster', namespace };
}

test('a lock that nobody told of stays, and so do the others', async () => {
  const stored = engine.add('locked', { locks: ['known', 'new'] });
  const key = keyOf('locked');
  const known = { ...key, locks: ['known'] };
  expect(await inActivity(() => unlockRepository(tools, known))).toEqual({ kind: 'Locked' });
  expect(stored.locks).toEqual(['known', 'new']);
  expect(await inActivity(() => pruneRepository(tools, key))).toEqual({ kind: 'Locked' });
  const all = { ...key, locks: ['new', 'known', 'gone'] };
  expect(await inActivity(() => unlockRepository(tools, all))).toEqual({ kind: 'Done' });
  expect(await inActivity(() => unlockRepository(tools, all))).toEqual({ kind: 'Done' });
  expect(stored.locks).toEqual([]);
});

test('a repository that nobody has made has no locks', async () => {
  engine.add('none', { isThere: false });
  const locks = await inActivity(() => listRepositoryLocks(tools, keyOf('none')));
  expect(locks).toEqual({ isThere: false, locks: [] });
});

test('damage is a failure, which says how much there is', async () => {
  engine.add('damaged', { errors: 3 });
  const check = { ...keyOf('damaged'), part: 1, of: 2 };
  await expect(inActivity(() => checkRepository(tools, check))).rejects.toMatchObject({
    code: 'repository-damaged',
    message: expect.stringContaining('3 errors') as string,
  });
});

test('in a read-only location there is nothing to maintain', async () => {
  engine.add('kept', { locks: ['known'] });
  const readOnly = { ...tools, location: () => ({ ...LOCATION, readOnly: true }) };
  const locks = await inActivity(() => listRepositoryLocks(readOnly, keyOf('kept')));
  expect(locks).toEqual({ isThere: false, locks: [] });
});
