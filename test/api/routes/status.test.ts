import { mkdtemp, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { RELEASE } from '../../../domain/release.ts';
import type { ServerStatus } from '../../../domain/server-status.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: no part that is away keeps the status from telling of the others. Method: the test bed's Temporal, or a server
// that takes connections and says nothing; a folder that is there, one that is not, and a bucket at that silent server.

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

/** A server that takes every connection, and answers nothing. */
async function startSilence(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  // A server that listens on a port has an address of this shape.
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function statusOf(
  address: string,
  fixed: ConstructorParameters<typeof LocationSet>[0]['fixed'],
): Promise<ServerStatus> {
  const locations = new LocationSet({ fixed });
  const temporal = new TemporalRuns(openTemporal({ address, connectTimeout: 1000 }), 'default');
  const app = await buildApp({
    ...{ temporal, locations, store: (name: string) => locations.store(name) },
    ...{ temporalAddress: `me:hush@${address}`, logLevel: 'silent' },
  });
  closers.push(
    () => temporal.close(),
    () => app.close(),
  );
  const answer = await app.inject({ method: 'GET', url: '/api/v1/status?cluster=nobodys' });
  expect(answer.statusCode).toBe(200);
  expect(answer.body).not.toContain('hush');
  return answer.json<ServerStatus>();
}

test('the status tells of Temporal, of the queue of a cluster that nobody serves, and of locations', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-status-'));
  const status = await statusOf(TEMPORAL, [
    { name: 'there', provider: 'folder', path },
    { name: 'gone', provider: 'folder', path: join(path, 'none', 'such') },
  ]);
  expect(status.temporal).toMatchObject({ address: TEMPORAL, isReachable: true });
  expect(status.temporal.serverVersion).toMatch(/^\d+\.\d+/);
  expect(status.temporal.missingSearchAttributes).toEqual(expect.any(Array));
  expect(status.taskQueues).toContainEqual({
    ...{ name: 'holdfast.cluster.nobodys', role: 'cluster', cluster: 'nobodys', workers: 0 },
  });
  expect(status.locations).toContainEqual({ name: 'there', isReachable: true });
});

test('a Temporal and a location that say nothing are told, and the others all the same', async () => {
  const silence = await startSilence();
  const path = await mkdtemp(join(tmpdir(), 'holdfast-status-'));
  const s3 = { region: 'us-east-1', isPathStyle: true, prefix: '' };
  const status = await statusOf(silence, [
    { name: 'there', provider: 'folder', path },
    { name: 'silent', provider: 's3', bucket: 'b', endpoint: `http://${silence}`, ...s3 },
  ]);
  expect(status.temporal).toMatchObject({
    isReachable: false,
    failure: { code: 'temporal-unreachable' },
  });
  expect(status.taskQueues[0]?.failure).toMatchObject({ code: 'temporal-unreachable' });
  expect(status.locations).toEqual([
    { name: 'there', isReachable: true },
    expect.objectContaining({
      ...{ name: 'silent', isReachable: false },
      failure: expect.objectContaining({ code: 'location-unreachable' }) as object,
    }),
  ]);
});

test('the release is that of the package', async () => {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ version: RELEASE });
});
