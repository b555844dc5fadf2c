import { randomBytes } from 'node:crypto';
import dns from 'node:dns';

import { afterEach, expect, test } from 'vitest';

import type { S3Location } from '../../../domain/storage-location.ts';
import { checkLocation } from '../../../storage/location-check.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { createS3Store } from '../../../storage/object-store/s3.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { type FrontOptions, type S3Front, startS3Front } from '../../support/s3-front.ts';

const BUCKET = process.env['S3_BUCKET'] ?? 'holdfast';
const ENDPOINT = process.env['S3_ENDPOINT'] ?? '';
const EMPTY_LISTING = { status: 200, body: '<ListBucketResult></ListBucketResult>' };
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0).reverse()) {
    close();
  }
});

async function startFront(options: FrontOptions): Promise<S3Front> {
  const front = await startS3Front(ENDPOINT, options);
  closers.push(front.stop);
  return front;
}

const LOCATION: S3Location = {
  name: 'default',
  provider: 's3',
  bucket: BUCKET,
  prefix: `conformance/${randomBytes(4).toString('hex')}`,
  region: 'us-east-1',
  isPathStyle: true,
};

function open(changes: Partial<S3Location>): ObjectStore {
  const store = createS3Store({ ...LOCATION, ...changes });
  closers.push(() => {
    store.close();
  });
  return store;
}

test('a server whose certificate is of an authority of its own is reached with caFile', async () => {
  const tls = await makeCertificate(['IP:127.0.0.1']);
  const front = await startFront({ tls });
  const { caFile } = tls;
  const store = open({ endpoint: `https://127.0.0.1:${String(front.port)}`, caFile });
  await store.put('k', Buffer.from('over TLS'));
  expect((await readAll(store, 'k')).toString()).toBe('over TLS');
  await store.remove(['k']);
});

test('without caFile the failure is final and names it, and nothing is sent', async () => {
  const tls = await makeCertificate(['IP:127.0.0.1']);
  const front = await startFront({ tls });
  const store = open({ endpoint: `https://127.0.0.1:${String(front.port)}` });
  await expect(store.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'location-forbidden',
    message: expect.stringContaining('set caFile or caCert of the location') as string,
  });
  expect(front.seen).toEqual([]);
});

test('the authority of another server is not trusted', async () => {
  const [tls, other] = [
    await makeCertificate(['IP:127.0.0.1']),
    await makeCertificate(['IP:127.0.0.1']),
  ];
  const front = await startFront({ tls });
  const { caFile } = other;
  const store = open({ endpoint: `https://127.0.0.1:${String(front.port)}`, caFile });
  await expect(store.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'location-forbidden',
  });
  expect(front.seen).toEqual([]);
});

test('an authority that cannot be read is named', () => {
  expect(() => open({ endpoint: ENDPOINT, caFile: '/nowhere/ca.pem' })).toThrow(
    expect.objectContaining({
      code: 'location-forbidden',
      message: expect.stringContaining('/nowhere/ca.pem') as string,
    }) as Error,
  );
});

test('a certificate for another host is refused, and the message says what to do', async () => {
  const tls = await makeCertificate(['DNS:elsewhere.example']);
  const front = await startFront({ tls });
  const { caFile } = tls;
  const store = open({ endpoint: `https://127.0.0.1:${String(front.port)}`, caFile });
  await expect(store.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'location-forbidden',
    message: expect.stringContaining('host name in the endpoint') as string,
  });
});

/** Gives every name the address of this machine, as the name server of a provider does for its buckets. */
function resolveEverything(): void {
  const { lookup } = dns;
  closers.push(() => {
    dns.lookup = lookup;
  });
  const here = (_: string, ...rest: unknown[]): unknown =>
    Reflect.apply(lookup, dns, ['127.0.0.1', ...rest]);
  dns.lookup = Object.assign(here, lookup);
}

test.each([
  { style: 'the path', isPathStyle: true, host: 's3.example', path: '/shop' },
  { style: 'the host name', isPathStyle: false, host: 'shop.s3.example', path: '/' },
])('the bucket is part of $style', async ({ isPathStyle, host, path }) => {
  resolveEverything();
  const front = await startFront({ answer: () => EMPTY_LISTING });
  const port = String(front.port);
  const store = open({ bucket: 'shop', isPathStyle, endpoint: `http://s3.example:${port}` });
  for await (const page of store.list('')) {
    expect(page).toEqual([]);
  }
  const [seen] = front.seen;
  expect(seen?.headers.host).toBe(`${host}:${port}`);
  expect(seen?.path.split('?')[0]?.replace(/(?<=.)\/$/, '')).toBe(path);
});

test('a bucket is reached by the proxy of its location, with TLS inside it', async () => {
  const proxy = await startConnectProxy();
  closers.push(proxy.stop);
  const { caFile, ...tls } = await makeCertificate(['IP:127.0.0.1']);
  const front = await startFront({ tls });
  const host = `127.0.0.1:${String(front.port)}`;
  for (const endpoint of [{ endpoint: ENDPOINT }, { endpoint: `https://${host}`, caFile }]) {
    const store = open({ ...endpoint, proxyUrl: proxy.url });
    await store.put('k', Buffer.from('by proxy'));
    expect((await readAll(store, 'k')).toString()).toBe('by proxy');
    await store.remove(['k']);
  }
  expect([...proxy.targets]).toEqual([new URL(ENDPOINT).host, host]);
});

test('a proxy that does not know the user is told as the reason, without the password', async () => {
  const proxy = await startConnectProxy();
  closers.push(proxy.stop);
  const proxyUrl = proxy.url.replace('word', 'guess');
  const location = { ...LOCATION, endpoint: ENDPOINT, proxyUrl };
  const [put] = await checkLocation(location);
  expect(put?.failure?.message).toContain('check proxyUrl of the location');
  expect(JSON.stringify(put)).not.toContain('guess');
  expect([...proxy.targets]).toEqual([]);
});
