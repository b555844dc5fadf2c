import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openObjectStore } from '../../storage/object-store/open.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { FaultProxy } from './fault-proxy.ts';

// Goal: the proxy does its harm in front of an https S3 server too. Method: the real S3 server behind a TLS port
// with a certificate that is made here.

const run = promisify(execFile);
const bed = new URL(process.env['S3_ENDPOINT'] ?? '');
const prefix = `tests/fault-proxy-${String(process.pid)}`;
let folder: string;
let server: Server | undefined;
let proxy: FaultProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  // A server that the user brought may speak https already.
  proxy =
    bed.protocol === 'https:' ? await FaultProxy.start(bed.href) : await startBehindCertificate();
});

afterAll(async () => {
  proxy.stop();
  server?.close();
  await rm(folder, { recursive: true });
});

async function startBehindCertificate(): Promise<FaultProxy> {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', keyFile, '-out', certFile],
  ]);
  const cert = await readFile(certFile, 'utf8');
  const secured = createServer({ key: await readFile(keyFile), cert }, (secure) => {
    const plain = connect(Number(bed.port || 80), bed.hostname);
    secure.pipe(plain).pipe(secure);
    secure.once('error', () => plain.destroy());
    plain.once('error', () => secure.destroy());
  });
  server = secured;
  await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve));
  const { port } = secured.address() as AddressInfo;
  return FaultProxy.start(`https://localhost:${String(port)}`, cert);
}

test('an object goes through to an https server, and comes back harmed when it is asked to', async () => {
  const store = openObjectStore({
    name: 'tls',
    provider: 's3',
    bucket: process.env['S3_BUCKET'] ?? 'holdfast',
    prefix,
    region: process.env['AWS_REGION'] ?? 'us-east-1',
    isPathStyle: true,
    endpoint: proxy.url,
  });
  try {
    await store.put('object', Buffer.from('content'));
    expect((await readAll(store, 'object')).toString()).toBe('content');
    proxy.faults = [{ method: 'GET', matches: (path) => path.endsWith('/object'), effect: 'flip' }];
    expect((await readAll(store, 'object')).toString()).toBe('conuent');
    expect(proxy.hits).toBe(1);
  } finally {
    proxy.faults = [];
    await store.remove(['object']);
    store.close();
  }
});
