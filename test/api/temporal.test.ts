import { spawn } from 'node:child_process';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../api/app.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { freePort } from '../support/free-port.ts';
import { LocationSet } from '../../storage/location-set.ts';

// Goal: what Temporal refuses is told apart from a Temporal that is away. Method: the development server has no keys
// to refuse, so an HTTP/2 server answers each call with one status of gRPC.

const GRPC_OK_HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const SERVER = fileURLToPath(new URL('../../api/server.ts', import.meta.url));
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

/** A server that gives every call the same status. */
async function refusingServer(status: number): Promise<string> {
  const server: Http2Server = createServer();
  server.on('stream', (stream) => {
    stream.respond({ ...GRPC_OK_HEADERS, 'grpc-status': String(status) }, { endStream: true });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.close();
  });
  // A server that listens on a port has an address of this shape.
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

test.each([
  { grpc: 16, what: 'a key that is not known', status: 403, code: 'temporal-forbidden' },
  { grpc: 7, what: 'a right that is missing', status: 403, code: 'temporal-forbidden' },
  { grpc: 4, what: 'no answer in time', status: 503, code: 'temporal-unreachable' },
  { grpc: 3, what: 'a request that it does not take', status: 500, code: 'internal' },
])('Temporal answers $what: the problem is $code', async ({ grpc, status, code }) => {
  const line = openTemporal({ address: await refusingServer(grpc) });
  const temporal = new TemporalRuns(line, 'default');
  const store = openObjectStore({ name: 'default', provider: 'folder', path: '/nonexistent' });
  const app = await buildApp({
    temporal,
    locations: new LocationSet({ fixed: [] }),
    store: () => store,
    logLevel: 'silent',
  });
  closers.push(
    () => temporal.close(),
    () => app.close(),
  );
  for (const request of [
    { method: 'POST', url: '/api/v1/backups', payload: { metadata: { name: 'b' } } },
    { method: 'GET', url: '/api/v1/backups/b' },
  ] as const) {
    const answer = await app.inject(request);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status, code, retryable: status >= 500 });
  }
});

test('the log has the name and the place of an error that nobody foresaw, and not its message', async () => {
  const port = String(await freePort());
  const server = spawn(process.execPath, [SERVER], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: await refusingServer(3),
      HOLDFAST_API_PORT: port,
      HOLDFAST_LOCATIONS: '[{"name":"default","provider":"folder","path":"/nonexistent"}]',
    },
  });
  closers.push(() => void server.kill('SIGKILL'));
  let log = '';
  server.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await expect.poll(() => log, { timeout: 20_000 }).toContain('Server listening');
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/backups/b`);
  expect(answer.status).toBe(500);
  const failed = (): Record<string, unknown> | undefined =>
    log
      .split('\n')
      .filter((line) => line.includes('request failed'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)[0];
  await expect.poll(failed).toMatchObject({
    reqId: answer.headers.get('x-request-id'),
    code: 'internal',
    name: 'ServiceError',
    frames: expect.arrayContaining([expect.stringContaining('describe')]) as string[],
  });
  expect(log).not.toContain('Failed to describe');
});
