import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { OwnDependencies } from '../../../activities/dependencies.ts';
import type { PlanRetentionInput } from '../../../activities/schedule-contract.ts';
import { planRetention } from '../../../activities/schedules/plan-retention.ts';
import { Failure } from '../../../domain/failure.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { KeepRules } from '../../../domain/retention/keep-rules.ts';
import { SCHEDULE_DEFAULTS, type StoredSchedule } from '../../../domain/schedules/schedule.ts';
import { changeClaim } from '../../../storage/change-claim.ts';
import { adoptLocation } from '../../../storage/location-owner.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { writeSchedule } from '../../../storage/schedule-files.ts';
import { inActivity } from '../../support/activity-context.ts';
import { lockedStore } from '../../support/locked-store.ts';
import { SOURCE_CLUSTER, storeBackupOf } from '../../support/stored-backup.ts';

// Goal: backups go when their time is over, and no others. Method: records of backups in a folder; they began on the
// first of January of 2026 unless a test says otherwise, so that their TTL is over or not.

const OVER = { ttl: '24h' };
const NEVER = { ttl: '876000h' };
let folder: string;
let store: ObjectStore;
/** Of the namespace that a cluster is known by. */
let served: { uid: string; creationTimestamp: string };

beforeEach(async () => {
  served = { uid: SOURCE_CLUSTER.uid, creationTimestamp: '2026-01-01T00:00:00Z' };
  folder = await mkdtemp(join(tmpdir(), 'holdfast-retention-'));
  store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

const AWAY = { code: 'location-forbidden', message: 'the bucket refuses access' } as const;

function refused(): never {
  throw new Failure(AWAY.code, AWAY.message);
}

interface Around {
  readonly readOnly?: boolean;
  readonly locations?: readonly string[];
  readonly installation?: string;
}

async function plan(
  more: Partial<PlanRetentionInput> = {},
  { readOnly = false, locations = ['default'], installation }: Around = {},
) {
  const read = () => Promise.resolve({ metadata: served });
  const deps = {
    store: (name: string) => (name === 'away' ? refused() : store),
    locations: () => Promise.resolve(locations),
    installation,
    cluster: { read },
    location: (name: string) => ({ name, readOnly }),
    // The cast: only what the activity uses of a worker's clients is there.
  } as unknown as OwnDependencies;
  const { expired, kept, unread } = await inActivity(() =>
    planRetention(deps, { cluster: 'local', ...more }),
  );
  const names = expired.map(({ name }) => name);
  return { expired: names, kept, ...(unread === undefined ? {} : { unread }) };
}

async function schedule(name: string, retention?: KeepRules): Promise<void> {
  const stored: StoredSchedule = {
    ...{ version: 1, kind: 'Schedule', name, uid: name, generation: 1 },
    creationTimestamp: '2026-01-01T00:00:00Z',
    spec: {
      ...{ ...SCHEDULE_DEFAULTS, schedule: '@daily', location: 'default', paused: false },
      template: { cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '0s' },
      ...(retention === undefined ? {} : { retention }),
    },
  };
  await writeSchedule(store, stored);
}

async function nights(name: string, ttl: string): Promise<void> {
  for (const day of ['01', '02', '03']) {
    await storeBackupOf(store, `${name}-202601${day}010000`, {
      spec: { ttl, scheduleName: name },
      result: { startTimestamp: `2026-01-${day}T01:00:00Z` },
    });
  }
}

test('a backup goes when its TTL is over', async () => {
  await storeBackupOf(store, 'old', { spec: OVER });
  await storeBackupOf(store, 'young', { spec: NEVER });
  await storeBackupOf(store, 'for-ever', { spec: { ttl: '0s' } });
  expect(await plan()).toEqual({ expired: ['old'], kept: 2 });
});

test('a cluster that is new under the name of a lost one deletes nothing of that', async () => {
  await storeBackupOf(store, 'old', { spec: OVER });
  await nights('nightly', '24h');
  served = { uid: 'new', creationTimestamp: new Date().toISOString() };
  const one = { schedule: { location: 'default', name: 'nightly' } };
  expect([await plan(), await plan(one)]).toMatchObject([
    { expired: [], kept: 4 },
    { expired: [], kept: 3 },
  ]);
  served = { ...served, uid: SOURCE_CLUSTER.uid };
  expect((await plan()).expired).toHaveLength(3);
});

test('nothing goes in a read-only location', async () => {
  await storeBackupOf(store, 'old', { spec: OVER });
  expect(await plan({}, { readOnly: true })).toEqual({ expired: [], kept: 0 });
});

test('nothing goes in a location of another Holdfast', async () => {
  await storeBackupOf(store, 'old', { spec: OVER });
  await adoptLocation(store, { installation: 'theirs', since: '2026-01-01T00:00:00Z' });
  expect(await plan({}, { installation: 'ours' })).toEqual({ expired: [], kept: 0 });
  expect((await plan({}, { installation: 'theirs' })).expired).toEqual(['old']);
});

test('a location that fails is told, and keeps none of the others from being looked at', async () => {
  await storeBackupOf(store, 'old', { spec: OVER });
  expect(await plan({}, { locations: ['away', 'default'] })).toEqual({
    ...{ expired: ['old'], kept: 0 },
    unread: [{ location: 'away', ...AWAY }],
  });
  const alone = { schedule: { location: 'away', name: 'nightly' } };
  await expect(plan(alone)).rejects.toMatchObject({ code: AWAY.code });
});

test('one that its bucket locks stays until the lock is over', async () => {
  const plain = store;
  for (const name of ['locked', 'old']) {
    await storeBackupOf(store, name, { spec: OVER });
  }
  const key = backupKeys('locked').record;
  store = lockedStore(plain, { key, lockedUntil: '2999-01-01T00:00:00Z' });
  expect(await plan()).toEqual({ expired: ['old'], kept: 1 });
  store = lockedStore(plain, { key, lockedUntil: '2026-01-01T00:00:00Z' });
  // Both are of the same age.
  expect(new Set((await plan()).expired)).toEqual(new Set(['locked', 'old']));
});

test('one that is held stays, and so does one that was extended', async () => {
  for (const name of ['held', 'extended', 'old']) {
    await storeBackupOf(store, name, { spec: OVER });
  }
  const since = '2026-01-01T00:00:00Z';
  const change = (name: string, more: object) =>
    changeClaim(store, { name, runUid: `uid-${name}` }, (claim) => ({ ...claim, ...more }));
  await change('held', { hold: { reason: 'audit', since } });
  await change('extended', { extension: { expiration: '9998-01-01T00:00:00Z', since } });
  expect(await plan()).toEqual({ expired: ['old'], kept: 2 });
});

test('those of another cluster, and those that Velero made, are left alone', async () => {
  await storeBackupOf(store, 'elsewhere', { spec: { ...OVER, cluster: 'other' } });
  await storeBackupOf(store, 'veleros', { spec: OVER });
  await store.remove([backupKeys('veleros').claim]);
  expect(await plan()).toEqual({ expired: [], kept: 0 });
});

test('those of a schedule are kept by its rules, and the oldest go first', async () => {
  await schedule('nightly', { keepLast: 1 });
  await nights('nightly', '0s');
  expect(await plan()).toEqual({
    expired: ['nightly-20260101010000', 'nightly-20260102010000'],
    kept: 1,
  });
});

test('of a schedule that is gone the newest good one stays, whatever its TTL', async () => {
  await nights('gone', '24h');
  expect(await plan()).toEqual({
    expired: ['gone-20260101010000', 'gone-20260102010000'],
    kept: 1,
  });
});

test('one schedule is looked at by itself', async () => {
  await schedule('nightly', { keepLast: 2 });
  await nights('nightly', '0s');
  await nights('other', '24h');
  await storeBackupOf(store, 'old', { spec: OVER });
  const key = { location: 'default', name: 'nightly' };
  expect(await plan({ schedule: key })).toEqual({ expired: ['nightly-20260101010000'], kept: 2 });
});
