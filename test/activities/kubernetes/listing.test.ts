import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster, ListDoubt } from '../../../activities/kubernetes/port.ts';
import { CONFIG_MAP } from '../../support/cluster-fixture.ts';

// Goal: a listing is whole and bounded, or it says what it is not. Method: a server that answers what a real API server
// cannot be made to: pages that are too large, counts that do not hold, tokens that expire.

interface FakeAnswer {
  readonly status?: number;
  readonly body: unknown;
}

let server: Server;
let folder: string;
let cluster: Cluster;
let answer: (query: URLSearchParams) => FakeAnswer;
let limits: number[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://server').searchParams;
    limits.push(Number(query.get('limit')));
    const { status = 200, body } = answer(query);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  folder = await mkdtemp(join(tmpdir(), 'holdfast-listing-'));
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: `http://127.0.0.1:${String(port)}`, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(join(folder, 'config'), JSON.stringify(kubeconfig));
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = join(folder, 'config');
  cluster = openCluster();
  process.env['KUBECONFIG'] = before ?? '';
});

beforeEach(() => {
  limits = [];
});

afterAll(async () => {
  await cluster.close();
  server.close();
  await rm(folder, { recursive: true });
});

function page(names: readonly string[], metadata: object = {}, bytes = 1): FakeAnswer {
  const items = names.map((name) => ({ metadata: { name }, data: { value: 'x'.repeat(bytes) } }));
  return { body: { kind: 'ConfigMapList', apiVersion: 'v1', metadata, items } };
}

async function namesOf(
  isMixedAllowed: boolean,
  onDoubt?: (doubt: ListDoubt) => void,
): Promise<string[]> {
  const { signal } = new AbortController();
  const options = { signal, isMixedAllowed, ...(onDoubt === undefined ? {} : { onDoubt }) };
  const names: string[] = [];
  for await (const listed of cluster.listPages({ type: CONFIG_MAP, namespace: '' }, options)) {
    names.push(...listed.map(({ object }) => object.metadata.name));
  }
  return names;
}

test('a page of large objects behind small ones is asked for again with fewer of them', async () => {
  const all = Array.from({ length: 40 }, (_, index) => `m${String(index).padStart(2, '0')}`);
  answer = (query) => {
    const first = Number(query.get('continue') ?? '0');
    const last = first + Math.min(Number(query.get('limit')), first === 0 ? 10 : 500);
    const rest = last < all.length ? { continue: String(last) } : {};
    return page(all.slice(first, last), rest, first === 0 ? 1 : 900_000);
  };
  expect(await namesOf(false)).toEqual(all);
  expect(limits.length).toBeGreaterThan(2);
  // The last page that came was small enough, and the one before it was not.
  expect(Math.min(...limits)).toBeLessThan(15);
});

test('a listing that brings less than was counted is a failure worth another attempt', async () => {
  answer = (query) =>
    query.has('continue') ? page(['b']) : page(['a'], { continue: 'next', remainingItemCount: 5 });
  await expect(namesOf(false)).rejects.toMatchObject({
    code: 'cluster-failed',
    subject: 'configmaps',
  });
  const doubts: ListDoubt[] = [];
  expect(await namesOf(true, (doubt) => doubts.push(doubt))).toEqual(['a', 'b']);
  expect(doubts).toEqual(['short']);
});

test('a listing that expires is a failure, or goes on with the token that the server offers and says so', async () => {
  answer = (query) => {
    const token = query.get('continue');
    if (token === 'old') {
      const metadata = { continue: 'fresh' };
      return { status: 410, body: { kind: 'Status', reason: 'Expired', code: 410, metadata } };
    }
    return token === 'fresh' ? page(['b']) : page(['a'], { continue: 'old' });
  };
  await expect(namesOf(false)).rejects.toMatchObject({ code: 'listing-expired' });
  const doubts: ListDoubt[] = [];
  expect(await namesOf(true, (doubt) => doubts.push(doubt))).toEqual(['a', 'b']);
  expect(doubts).toEqual(['mixed']);
});

test('a server that does not know the worker is told apart from a right that is missing', async () => {
  answer = () => ({ status: 401, body: { kind: 'Status', reason: 'Unauthorized' } });
  await expect(namesOf(false)).rejects.toMatchObject({ code: 'cluster-unauthenticated' });
  answer = () => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
  await expect(namesOf(false)).rejects.toMatchObject({ code: 'cluster-forbidden' });
});

test('a server that asks for patience is asked again', async () => {
  let requests = 0;
  answer = () => {
    requests += 1;
    return requests < 2 ? { status: 429, body: {} } : page(['a']);
  };
  expect(await namesOf(false)).toEqual(['a']);
});
