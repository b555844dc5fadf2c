import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { apiWithoutTemporal } from '../support/api-without-temporal.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { startHoldfast } from '../support/holdfast.ts';

// Goal: a script learns from the exit status what a location is worth. Method: bin/holdfast and an API over a folder, a
// path that is none, and a bucket behind a proxy.

let app: FastifyInstance;
let proxy: FaultProxy;
let server: string;
let path: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  path = await mkdtemp(join(tmpdir(), 'holdfast-locations-'));
  const file = join(await mkdtemp(join(tmpdir(), 'holdfast-locations-')), 'file');
  await writeFile(file, '');
  app = await apiWithoutTemporal([
    { name: 'default', provider: 'folder', path, uploadBytesPerSecond: 4096 },
    { name: 'broken', provider: 'folder', path: file },
    {
      ...{ name: 'bucket', provider: 's3', bucket: process.env['S3_BUCKET'] ?? 'holdfast' },
      ...{ prefix: 'tests/check-cli', region: 'us-east-1', isPathStyle: true, endpoint: proxy.url },
    },
  ]);
  server = await app.listen({ host: '127.0.0.1', port: 0 });
});

beforeEach(() => {
  proxy.faults = [];
});

afterAll(async () => {
  await app.close();
  proxy.stop();
});

async function holdfast(...args: string[]) {
  const command = startHoldfast(['location', ...args], { HOLDFAST_SERVER: server });
  const status = await command.status;
  const { stdout } = command;
  return { status, stdout, lines: stdout.split('\n') };
}

test('locations are listed, and one is shown', async () => {
  const list = await holdfast('list');
  expect(list.lines.map((line) => line.split(/ {3,}/))).toEqual([
    ['NAME', 'PROVIDER', 'PLACE', 'ENDPOINT', 'REGION', 'STATUS', 'DEFAULT', 'KEPT AS'],
    ['broken', 'folder', expect.stringContaining('/file'), 'Configuration'],
    [
      'bucket',
      's3',
      expect.stringContaining('/tests/check-cli'),
      proxy.url,
      'us-east-1',
      'Configuration',
    ],
    ['default', 'folder', path, 'yes', 'Configuration'],
    [''],
  ]);
  const { lines } = await holdfast('describe', 'default');
  expect(lines).toContain(`Path:            ${path}`);
  expect(lines).toContain('Upload:          4096 bytes per second at most, for each node agent');
});

test('a location that works is available: 0, and without a name it is the default one', async () => {
  const { status, lines } = await holdfast('check');
  expect(status).toBe(0);
  expect(lines.at(-2)).toBe('location default is Available');
});

test('a location that ignores conditions is degraded: 3, with the remedy', async () => {
  proxy.faults = [
    {
      method: 'PUT',
      matches: (_, { headers }) => headers['if-none-match'] !== undefined,
      effect: 'ignore-condition',
    },
  ];
  const { status, lines } = await holdfast('check', 'bucket');
  expect(status).toBe(3);
  expect(lines.filter((line) => / {3,}failed {3,}/.test(line))).toEqual([
    expect.stringMatching(/^if-none-match .*the workflow id alone guards a name/),
  ]);
});

test('a location that cannot be written is unavailable: 4, and JSON says the same', async () => {
  const { status, stdout } = await holdfast('check', 'broken', '-o', 'json');
  expect(status).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ status: { phase: 'Unavailable' } });
});

test('a location that is not there is not found: 5', async () => {
  expect(await holdfast('check', 'nowhere')).toMatchObject({ status: 5, stdout: '' });
});
