import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { BackupResource, Problem } from '../../domain/api-resource.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';

// Goal: a backup is followed while it runs, by browsers and by scripts, and no stream keeps the API from ending. Method: a
// real installation whose writes of tarballs are slow.

const WRITE_MS = 4000;

let installation: Installation;
let proxy: FaultProxy;
let namespace = '';

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  const environment = { api: { HOLDFAST_DRAIN: '0s' } };
  [installation, namespace] = await Promise.all([
    Installation.start({ s3Endpoint: proxy.url, environment }),
    freshNamespace('events'),
  ]);
});

beforeEach(() => {
  const matches = (path: string): boolean => path.endsWith('.tar.gz');
  proxy.faults = [{ method: 'PUT', matches, effect: 'delay', delayMs: WRITE_MS }];
});

afterAll(async () => {
  await installation.stop();
  proxy.stop();
  await dropNamespaces(namespace);
});

function follow(name: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${installation.apiUrl}/api/v1/backups/${name}/events`, { headers });
}

interface Line {
  readonly event: string;
  readonly id: string;
  readonly data: BackupResource;
}

/** The lines of a stream that has ended. */
async function linesOf(response: Response): Promise<Line[]> {
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  // The assertions look at what they have.
  return lines.map((line) => JSON.parse(line) as Line);
}

test('a backup is followed to its end', async () => {
  await installation.createBackup('followed', [namespace]);
  const response = await follow('followed');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const blocks = (await response.text()).trim().split('\n\n');
  const events = blocks.map((block) => /^event: (.*)$/m.exec(block)?.[1]);
  expect(events[0]).toBe('phase');
  expect(events.at(-1)).toBe('done');
  const last = JSON.parse(/^data: (.*)$/m.exec(blocks.at(-1) ?? '')?.[1] ?? '') as BackupResource;
  expect(last.status.phase).toBe('Completed');
});

test('scripts get lines, each of which tells something new', async () => {
  await installation.createBackup('lines', [namespace]);
  const lines = await linesOf(await follow('lines', { accept: 'application/x-ndjson' }));
  expect(lines.at(-1)).toMatchObject({ event: 'done', data: { status: { phase: 'Completed' } } });
  expect(lines.map(({ data }) => data.status.phase)).toContain('InProgress');
  const ids = lines.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const headers = { accept: 'application/x-ndjson', 'last-event-id': ids.at(-1) ?? '' };
  expect((await linesOf(await follow('lines', headers))).map(({ event }) => event)).toEqual([
    'done',
  ]);
});

test('one that is not there is a problem', async () => {
  const response = await follow('nowhere');
  expect(response.status).toBe(404);
  // A problem has this shape.
  expect(((await response.json()) as Problem).code).toBe('not-found');
});

test('an API that is to end ends its streams', async () => {
  proxy.faults = [];
  const release = proxy.hold('cut.tar.gz');
  await installation.createBackup('cut', [namespace]);
  const response = await follow('cut');
  const reading = response.text();
  expect(await installation.end('api', 'SIGTERM')).toBe(0);
  expect(await reading).not.toContain('event: done');
  release();
  await installation.startPart('api');
  await installation.ended('backups', 'cut');
});
