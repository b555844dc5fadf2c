import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { BACKUPS } from '../../../api/runs/kinds.ts';
import { HoldService } from '../../../api/runs/holds.ts';
import type { BackupResource } from '../../../domain/api-resource.ts';
import { recordTime } from '../../../domain/duration.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { Phase } from '../../../domain/phase.ts';
import type { VeleroBackup } from '../../../domain/velero-record.ts';
import { bytesOf, readClaim } from '../../../storage/claim.ts';
import { adoptLocation } from '../../../storage/location-owner.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { racedStore } from '../../support/raced-store.ts';
import { storeBackupOf } from '../../support/stored-backup.ts';

// Goal: a hold and an extension are in the location, whoever writes the claim at the same time, and are refused where nobody
// would heed them. Method: backups in a folder; what Temporal would say of a phase is said by a function.

const KEY = { location: 'default', name: 'b' };
const { claim: CLAIM, record: RECORD } = backupKeys('b');
const DAY_MS = 24 * 3_600_000;
let folder: string;
let store: ObjectStore;
let service: HoldService;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-holds-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  service = serviceOf({});
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

async function look(phase?: Phase): Promise<BackupResource> {
  const backup = await BACKUPS.read(store, KEY);
  if (backup === undefined) {
    throw new Error('there is no backup');
  }
  const { status } = backup;
  return phase === undefined ? backup : { ...backup, status: { ...status, phase } };
}

function serviceOf(other: Partial<ConstructorParameters<typeof HoldService>[0]>): HoldService {
  return new HoldService({
    ...{ location: () => undefined, store: () => store, look: () => look() },
    installation: () => Promise.resolve('test'),
    ...other,
  });
}

/** The service, while somebody else writes the claim just before it does, for the first so many times. */
function raced(times: number, more: object): HoldService {
  const busy = racedStore(store, { key: CLAIM, times, write: () => changeClaim(more) });
  return serviceOf({ store: () => busy });
}

async function changeClaim(more: object): Promise<void> {
  const found = await readClaim(store, CLAIM);
  if (found === undefined) {
    throw new Error('there is no claim');
  }
  await store.put(CLAIM, bytesOf({ ...found.stored, ...more }));
}

async function expirationInRecord(): Promise<string | undefined> {
  const record = JSON.parse((await readAll(store, RECORD)).toString()) as VeleroBackup;
  return record.status.expiration;
}

test('a hold is in the claim and in the status; another reason takes the place of the first', async () => {
  await storeBackupOf(store, 'b', {});
  const first = await service.hold(KEY, 'audit');
  expect(first.status.hold).toMatchObject({ reason: 'audit' });
  expect((await readClaim(store, CLAIM))?.stored).toMatchObject({ hold: first.status.hold });
  const second = await service.hold(KEY, 'trial');
  expect(second.status.hold).toEqual({ reason: 'trial', since: first.status.hold?.since });
});

test('what is asked for again changes nothing', async () => {
  await storeBackupOf(store, 'b', {});
  await service.hold(KEY, 'audit');
  const { version } = (await readClaim(store, CLAIM)) ?? {};
  await service.hold(KEY, 'audit');
  expect((await readClaim(store, CLAIM))?.version).toBe(version);
  expect((await service.release(KEY)).status).not.toHaveProperty('hold');
  expect((await service.release(KEY)).status).not.toHaveProperty('hold');
});

test('a hold survives those who write the claim at the same time', async () => {
  await storeBackupOf(store, 'b', {});
  const extension = { expiration: '2030-01-01T00:00:00Z', since: '2026-01-01T00:00:00Z' };
  await raced(3, { extension }).hold(KEY, 'audit');
  expect((await readClaim(store, CLAIM))?.stored).toMatchObject({
    ...{ extension, hold: { reason: 'audit' } },
  });
});

test('a hold that comes after the deletion has begun is refused, also at the last moment', async () => {
  await storeBackupOf(store, 'b', {});
  const deletion = { since: '2026-01-01T00:00:00Z' };
  await expect(raced(1, { deletion }).hold(KEY, 'audit')).rejects.toMatchObject({
    code: 'being-deleted',
  });
  await expect(service.extend(KEY, { ttl: '900000h' })).rejects.toMatchObject({
    code: 'being-deleted',
  });
  expect((await readClaim(store, CLAIM))?.stored).not.toHaveProperty('hold');
});

test.each([
  ['InProgress', 'still-running'],
  ['Deleting', 'being-deleted'],
] as const)('one that is %s is refused with %s', async (phase, code) => {
  await storeBackupOf(store, 'b', {});
  const early = serviceOf({ look: () => look(phase) });
  await expect(early.hold(KEY, 'audit')).rejects.toMatchObject({ code });
});

test('in a location of another Holdfast nothing is held, released or extended', async () => {
  await storeBackupOf(store, 'b', {});
  await adoptLocation(store, { installation: 'another', since: '2026-01-01T00:00:00Z' });
  const asked = [
    () => service.hold(KEY, 'audit'),
    () => service.release(KEY),
    () => service.extend(KEY, { ttl: '900000h' }),
  ];
  for (const ask of asked) {
    await expect(ask()).rejects.toMatchObject({ code: 'location-owned' });
  }
  await adoptLocation(store, { installation: 'test', since: '2026-01-02T00:00:00Z' });
  expect((await service.hold(KEY, 'audit')).status.hold).toMatchObject({ reason: 'audit' });
});

test("Velero's own are refused, since Velero would delete them", async () => {
  await storeBackupOf(store, 'b', {});
  await store.remove([CLAIM]);
  await expect(service.hold(KEY, 'audit')).rejects.toMatchObject({
    code: 'backup-not-usable',
    message: 'the backup b was made by Velero, which deletes it when its time is over',
  });
});

test('an extension is in the claim and in the record, of which all else stays', async () => {
  await storeBackupOf(store, 'b', { spec: { ttl: '720h0m0s' } });
  const before = JSON.parse((await readAll(store, RECORD)).toString()) as VeleroBackup;
  const nowMs = Date.now();
  const { expiration = '' } = (await service.extend(KEY, { ttl: '48h' })).status;
  expect(Date.parse(expiration)).toBeGreaterThanOrEqual(
    Math.floor((nowMs + 2 * DAY_MS) / 1000) * 1000,
  );
  const after = JSON.parse((await readAll(store, RECORD)).toString()) as VeleroBackup;
  expect(after).toEqual({ ...before, status: { ...before.status, expiration } });
  expect((await readClaim(store, CLAIM))?.stored).toMatchObject({ extension: { expiration } });
});

test('an extension whose record was not written is made whole by the same request', async () => {
  await storeBackupOf(store, 'b', {});
  const wanted = { expiration: recordTime(Date.now() + DAY_MS) };
  const first = await expirationInRecord();
  await service.extend(KEY, wanted);
  const record = JSON.parse((await readAll(store, RECORD)).toString()) as VeleroBackup;
  const status = { ...record.status, expiration: first };
  await store.put(RECORD, Buffer.from(JSON.stringify({ ...record, status })));
  await service.extend(KEY, wanted);
  expect(await expirationInRecord()).toBe(wanted.expiration);
});

test('a sooner time is refused, and so is any for a backup without an end', async () => {
  await storeBackupOf(store, 'b', {});
  await expect(service.extend(KEY, { expiration: '2026-01-02T00:00:00Z' })).rejects.toMatchObject({
    code: 'invalid-request',
  });
  for (const wanted of [{}, { ttl: '1h', expiration: '2099-01-01T00:00:00Z' }, { ttl: 'long' }]) {
    await expect(service.extend(KEY, wanted)).rejects.toMatchObject({ code: 'invalid-request' });
  }
  await storeBackupOf(store, 'b', { spec: { ttl: '0s' } });
  await expect(service.extend(KEY, { ttl: '48h' })).rejects.toMatchObject({
    code: 'backup-not-usable',
  });
});
