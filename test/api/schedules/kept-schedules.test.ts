import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { isRefusal, keptSchedule, keptSchedules } from '../../../api/schedules/kept-schedules.ts';
import { newSchedule } from '../../../api/schedules/stored.ts';
import { scheduleSpec } from '../../../api/schedules/spec.ts';
import { scheduleKey } from '../../../domain/object-key.ts';
import type { StorageLocation } from '../../../domain/storage-location.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import { writeSchedule } from '../../../storage/schedule-files.ts';

// Goal: a location that is away hides none of the schedules that others have, and is told. Method: schedules in a folder,
// beside an S3 location whose server refuses connections, or takes them and never answers.

let folder: string;
let locations: StorageLocation[];
let stores: Map<string, ObjectStore>;
let silent: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-kept-schedules-'));
  silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  locations = [
    s3('away', 'http://127.0.0.1:1'),
    s3('silent', `http://127.0.0.1:${String(port)}`),
    { name: 'here', provider: 'folder', path: folder },
  ];
  stores = new Map(locations.map((location) => [location.name, openObjectStore(location)]));
  for (const name of ['weekly', 'nightly']) {
    const request = { metadata: { name }, spec: { schedule: '@daily', location: 'here' } };
    const spec = scheduleSpec(request, 'local');
    await writeSchedule(store('here'), newSchedule(name, spec));
  }
});

afterEach(async () => {
  stores.forEach((each) => {
    each.close();
  });
  silent.close();
  await rm(folder, { recursive: true });
});

function s3(name: string, endpoint: string): StorageLocation {
  return {
    ...{ name, provider: 's3', bucket: 'b', prefix: '', region: 'us-east-1', endpoint },
    isPathStyle: true,
  };
}

function store(name: string): ObjectStore {
  const found = stores.get(name);
  if (found === undefined) {
    throw new Error(`there is no location ${name}`);
  }
  return found;
}

function files(...names: string[]) {
  return { locations: { all: locations.filter(({ name }) => names.includes(name)) }, store };
}

test('schedules are listed of locations that answer, and those that do not are named', async () => {
  const { schedules, unread } = await keptSchedules(files('away', 'silent', 'here'));
  expect(schedules).toEqual([
    { name: 'nightly', location: 'here' },
    { name: 'weekly', location: 'here' },
  ]);
  expect(unread).toMatchObject([
    { location: 'away', code: 'location-unreachable' },
    { location: 'silent', code: 'location-unreachable' },
  ]);
  expect((await keptSchedules(files('here'))).unread).toEqual([]);
});

test('where no location answers there is no list', async () => {
  await expect(keptSchedules(files('away'))).rejects.toMatchObject({
    code: 'location-unreachable',
    subject: 'away',
  });
});

test('a schedule is found beside locations that do not answer', async () => {
  const found = await keptSchedule(files('away', 'silent', 'here'), 'nightly');
  expect(found?.stored.name).toBe('nightly');
});

test('one that is nowhere may be where nobody answers', async () => {
  expect(await keptSchedule(files('here'), 'monthly')).toBeUndefined();
  await expect(keptSchedule(files('away', 'here'), 'monthly')).rejects.toMatchObject({
    code: 'location-unreachable',
  });
});

test('of locations that cannot be read, the one that patience may mend is told', async () => {
  await writeFile(join(folder, scheduleKey('weekly')), 'no schedule');
  const refused = keptSchedule(files('here'), 'weekly');
  await expect(refused).rejects.toSatisfy(isRefusal);
  const all = files('away', 'here').locations.all.toReversed();
  await expect(keptSchedule({ locations: { all }, store }, 'weekly')).rejects.toMatchObject({
    code: 'location-unreachable',
  });
});
