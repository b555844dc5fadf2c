import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { Readiness } from '../../../api/status/readiness.ts';
import { Failure } from '../../../domain/failure.ts';
import { parseStorageLocations } from '../../../domain/storage-location.ts';
import { LocationSet } from '../../../storage/location-set.ts';

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const BUCKET = {
  name: 'default',
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

interface Ways {
  readonly address?: string;
  readonly askCluster?: () => Promise<unknown>;
  readonly readiness?: Readiness;
}

function sourcesOf(fields: readonly object[], { address = TEMPORAL, askCluster }: Ways = {}) {
  const fixed = fields.length === 0 ? [] : parseStorageLocations(JSON.stringify(fields));
  const locations = new LocationSet({ fixed });
  const temporal = new TemporalRuns(openTemporal({ address, connectTimeout: 1000 }), 'default');
  closers.push(() => temporal.close());
  return { temporal, locations, store: (name: string) => locations.store(name), askCluster };
}

async function openApp(fields: readonly object[], ways: Ways = {}) {
  const sources = sourcesOf(fields, ways);
  const { readiness = new Readiness(sources) } = ways;
  const app = await buildApp({ ...sources, readiness, logLevel: 'silent' });
  closers.push(() => app.close());
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

test('the API is ready when Temporal and the default location answer, whatever others do', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-health-'));
  const missing = { ...BUCKET, name: 'missing', bucket: 'no-such-bucket-here' };
  const answer = await readyz([missing, { name: 'default', provider: 'folder', path }]);
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ status: 'ok', parts: ['temporal', 'location/default'] });
});

test('the API is ready when it has no location, for one can be made', async () => {
  const answer = await readyz([]);
  expect(answer.json()).toEqual({ status: 'ok', parts: ['temporal'] });
});

test('the API is not ready when the bucket of the default location is not there', async () => {
  const answer = await readyz([{ ...BUCKET, bucket: 'no-such-bucket-here' }]);
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({
    ...{ code: 'not-ready', detail: 'no answer as it should be from: location/default' },
    errors: [{ pointer: 'location/default', code: 'location-forbidden' }],
  });
});

test('every part that does not answer is named, a cluster too', async () => {
  const app = await openApp([{ ...BUCKET, endpoint: 'http://127.0.0.1:9' }], {
    address: '127.0.0.1:1',
    askCluster: () => Promise.reject(new Failure('cluster-unreachable', 'no answer')),
  });
  const answer = await app.inject('/readyz');
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({
    ...{ status: 503, code: 'not-ready', retryable: true },
    errors: [
      { pointer: 'temporal', code: 'temporal-unreachable' },
      { pointer: 'cluster', code: 'cluster-unreachable' },
      { pointer: 'location/default', code: 'location-unreachable' },
    ],
  });
});

test('a part that never answers is waited for no longer than seconds', async () => {
  const app = await openApp([], { askCluster: () => new Promise(() => undefined) });
  const answer = await app.inject('/readyz');
  expect(answer.json()).toMatchObject({
    errors: [{ pointer: 'cluster', detail: 'cluster does not answer in time' }],
  });
});

test('many who ask cost one look at each part', async () => {
  let looks = 0;
  const app = await openApp([], { askCluster: () => Promise.resolve((looks += 1)) });
  await Promise.all(Array.from({ length: 20 }, () => app.inject('/readyz')));
  expect(looks).toBe(1);
  await expect.poll(async () => (await app.inject('/readyz'), looks)).toBe(2);
});

test('a process that is about to end is not ready, lives, and answers', async () => {
  const readiness = new Readiness(sourcesOf([]));
  const app = await openApp([], { readiness });
  readiness.end();
  const answer = await app.inject('/readyz');
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({
    code: 'not-ready',
    detail: expect.stringContaining('end') as string,
  });
  expect((await app.inject('/livez')).statusCode).toBe(200);
  expect((await app.inject('/api/v1/openapi.json')).statusCode).toBe(200);
});

test('the API is ready while Temporal answers, however often it was away before', async () => {
  const way = await startWay();
  const app = await openApp([BUCKET], { address: way.address });
  for (let round = 0; round < 2; round++) {
    await expect
      .poll(async () => (await app.inject('/readyz')).json<unknown>(), { timeout: 20_000 })
      .toMatchObject({ errors: [{ pointer: 'temporal', code: 'temporal-unreachable' }] });

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
