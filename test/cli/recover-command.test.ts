import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { StorageLocation } from '../../domain/storage-location.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { apiWithoutTemporal } from '../support/api-without-temporal.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { kubectl } from '../support/kubectl.ts';
import { storeBackupOf } from '../support/stored-backup.ts';
import { MADE_REPOSITORY } from '../support/volume-fixture.ts';

// Goal: who recovers in a hurry is told what is wrong, and how to go on, before anything is changed. Method: bin/holdfast, an
// API over folders without a Temporal, and the real cluster. The whole way is in test/e2e/lost-cluster.test.ts.

const LOCATIONS = ['full', 'shared', 'empty', 'archive'] as const;
let folder: string;
let app: FastifyInstance;
let server: string;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-recover-'));
  namespace = await freshNamespace('recover');
  const locations = LOCATIONS.map((name): StorageLocation => ({
    name,
    provider: 'folder',
    path: place(name),
    readOnly: name === 'archive',
  }));
  for (const location of locations) {
    await fill(location);
  }
  app = await apiWithoutTemporal(locations, { address: process.env['TEMPORAL_ADDRESS'] });
  server = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await app.close();
  await dropNamespaces(namespace);
  await rm(folder, { recursive: true });
});

function place(location: (typeof LOCATIONS)[number]): string {
  return join(folder, location);
}

/** One cluster with a repository, two clusters, or nothing. */
async function fill(location: StorageLocation): Promise<void> {
  const store = openObjectStore(location);
  for (const cluster of { full: ['prod'], shared: ['prod', 'dev'], archive: ['prod'] }[
    location.name
  ] ?? []) {
    await storeBackupOf(store, `of-${cluster}`, { spec: { cluster } });
  }
  // As in a repository; the key in it was made with a password that no master key gives.
  const { key } = JSON.parse(await readFile(MADE_REPOSITORY, 'utf8')) as { key: string };
  if (location.name === 'full') {
    await store.put('restic/v1/source/shop/keys/one', Buffer.from(key, 'base64'));
  }
  store.close();
}

async function recover(...args: string[]) {
  const flags = ['recover', '--server', server, '--namespace', namespace, ...args];
  const command = startHoldfast(flags);
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

test('a place that no location has is told with where to configure it, if it cannot be kept', async () => {
  const { status, stderr } = await recover('--bucket', 'vault', '--prefix', 'prod/');
  expect(status).toBe(7);
  expect(stderr).toContain('location-fixed');
  expect(stderr).toContain('configure the location in HOLDFAST_LOCATIONS');
});

test('a place has to be named, and to hold backups of one cluster', async () => {
  const [none, empty, shared, another] = await Promise.all([
    recover(),
    recover('--path', place('empty')),
    recover('--path', place('shared')),
    recover('--path', place('shared'), '--from-cluster', 'test'),
  ]);
  expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('--bucket') as string });
  expect(empty).toMatchObject({ status: 1 });
  expect(empty.stderr).toContain('the location empty has no backups');
  expect(shared).toMatchObject({ status: 2 });
  expect(shared.stderr).toContain(
    'several clusters: dev, prod; name the lost one with --from-cluster',
  );
  expect(another).toMatchObject({ status: 1 });
  expect(another.stderr).toContain('has backups of: dev, prod; and none of test');
});

test('without the key, or with another one, nothing is changed', async () => {
  const file = join(folder, 'key');
  await writeFile(file, `${'ab'.repeat(32)}\n`);
  const [missing, wrong, none] = await Promise.all([
    recover('--path', place('full')),
    recover('--path', place('full'), '--key-file', file),
    recover('--path', place('full'), '--key-file', join(folder, 'nowhere')),
  ]);
  expect(missing).toMatchObject({ status: 5, stdout: '' });
  expect(missing.stderr).toContain('data of volumes of the cluster prod is in 1 repositories');
  expect(missing.stderr).toContain('--key-file');
  expect(wrong).toMatchObject({ status: 6, stdout: '' });
  expect(wrong.stderr).toContain(
    `the master key of ${file} is not that of the cluster prod: it does not open its repositories, such as restic/v1/source/shop`,
  );
  expect(none).toMatchObject({ status: 2 });
  expect(await kubectl('-n', namespace, 'get', 'secrets', '-o', 'name')).toBe('');
});

test('what was found is told with the next step; without the key, volumes are left out', async () => {
  const { status, stdout } = await recover(
    ...['--path', place('full'), '--without-volumes', '--cluster', 'new'],
  );
  expect(status).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'Location:    full is Available',
    'Cluster:     prod: 1 backups',
    'Newest:      of-prod, Completed, of 2026-01-01T00:00:00Z',
    'Volumes:     data in 1 repositories, one for each namespace',
    expect.stringMatching(/^Master key: +left out/),
    'Schedules:   none',
    'Next:',
    '  holdfast restore create --from-backup of-prod --cluster new --wait',
    '',
  ]);
});

test('an archive is only looked at, and its schedules stay where they are', async () => {
  const files = () => readdir(place('archive'), { recursive: true });
  const before = await files();
  const { status, stdout } = await recover('--path', place('archive'), '-o', 'json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ location: 'archive', phase: 'ReadOnly', cluster: 'prod', key: 'NotNeeded' },
    ...{ lost: { name: 'prod', backups: 1, newest: { name: 'of-prod' } }, schedules: [] },
  });
  expect(await files()).toEqual(before);
  const table = await recover('--path', place('archive'));
  expect(table.stdout).toContain('Volumes:     none was copied\nMaster key:  not needed\n');
});
