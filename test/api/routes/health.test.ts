import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { parseStorageLocations } from '../../../domain/storage-location.ts';
import { LocationSet } from '../../../storage/location-set.ts';

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const BUCKET = {
  name: 'bucket',
  provider: 's3',
  bucket: process.env['S3_BUCKET'] ?? 'holdfast',
  prefix: 'tests/health',
  endpoint: process.env['S3_ENDPOINT'],
};
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

async function openApp(fields: readonly object[], address = TEMPORAL) {
  const locations = new LocationSet({ fixed: parseStorageLocations(JSON.stringify(fields)) });
  const temporal = new TemporalRuns(openTemporal({ address, connectTimeout: 1000 }), 'default');
  const store = (name: string) => locations.store(name);
  const app = await buildApp({ temporal, locations, store, logLevel: 'silent' });
  closers.push(
    () => temporal.close(),
    () => app.close(),
  );
  return app;
}

/** Asks an API with these locations whether it is ready. */
async function readyz(fields: readonly object[]) {
  const app = await openApp(fields);
  return app.inject({ method: 'GET', url: '/readyz' });
}

/** A way to Temporal that can be opened and cut. */
async function startWay() {
  const [host = '', port = ''] = TEMPORAL.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), host);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    incoming.pipe(outgoing).pipe(incoming);
  });
  const listen = async (at: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      server.listen(at, '127.0.0.1', resolve);
    });
  };
  await listen(0);
  // A server that listens on a port has an address of this shape.
  const at = (server.address() as AddressInfo).port;
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  };
  await cut();
  return { address: `127.0.0.1:${String(at)}`, open: () => listen(at), cut };
}

test('the API is ready when Temporal and each location answer', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-health-'));
  const answer = await readyz([BUCKET, { name: 'folder', provider: 'folder', path }]);
  expect(answer.json()).toEqual({ status: 'ok', locations: ['bucket', 'folder'] });
});

test('the API is not ready when the bucket of a location is not there', async () => {
  const missing = { ...BUCKET, name: 'missing', bucket: 'no-such-bucket-here' };
  const answer = await readyz([BUCKET, missing]);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.json()).toMatchObject({
    code: 'location-forbidden',
    detail: expect.stringContaining('missing') as string,
  });
});

test('the API is not ready when the server of a location does not answer', async () => {
  const answer = await readyz([{ ...BUCKET, endpoint: 'http://127.0.0.1:9' }]);
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ code: 'location-unreachable' });
});

test('the API is ready while Temporal answers, however often it was away before', async () => {
  const way = await startWay();
  const app = await openApp([BUCKET], way.address);
  for (let round = 0; round < 2; round++) {
    const away = await app.inject({ method: 'GET', url: '/readyz' });
    expect(away.statusCode).toBe(503);
    expect(away.json()).toMatchObject({ code: 'temporal-unreachable' });

    await way.open();
    await expect
      .poll(async () => (await app.inject({ method: 'GET', url: '/readyz' })).statusCode, {
        timeout: 20_000,
      })
      .toBe(200);
    await way.cut();
  }
});

test('a probe of the process asks no cluster for locations, and other requests do', async () => {
  let looks = 0;
  const source = { list: () => Promise.resolve((looks++, [])) };
  const locations = new LocationSet({ fixed: [], source });
  const temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const store = (name: string) => locations.store(name);
  const app = await buildApp({ temporal, locations, store, logLevel: 'silent' });
  expect((await app.inject({ method: 'GET', url: '/livez' })).statusCode).toBe(200);
  expect(looks).toBe(0);
  await app.inject({ method: 'GET', url: '/api/v1/schedules' });
  expect(looks).toBe(1);
  await app.close();
  await temporal.close();
});
