import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { contentsApi, openFolder } from '../../support/contents-api.ts';
import { LAUNCHER, startHoldfast } from '../../support/holdfast.ts';
import { storeBackup } from '../../support/stored-backup.ts';

// Goal: each command prints what a script or a person asks for, in the same way. Method: bin/holdfast against an API over
// a folder with two backups; a pseudo terminal where colours are looked at.

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const COLOR = '\u001b[';
let app: FastifyInstance;
let server: string;

beforeAll(async () => {
  const { store } = await openFolder();
  await storeBackup(store, 'one', []);
  await storeBackup(store, 'two', []);
  app = await contentsApi(store, { isRevealAllowed: false, temporalAddress: TEMPORAL });
  server = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

async function holdfast(...args: string[]) {
  const command = startHoldfast(args, { HOLDFAST_SERVER: server });
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

async function answer(path: string): Promise<unknown> {
  return (await fetch(`${server}/api/v1${path}`)).json();
}

test('JSON and YAML are what the API answers, of one and of a list', async () => {
  const one = await holdfast('backup', 'get', 'one', '-o', 'json');
  expect(JSON.parse(one.stdout)).toEqual(await answer('/backups/one'));
  const list = await holdfast('backup', 'list', '-o=yaml');
  expect(parse(list.stdout)).toEqual(await answer('/backups'));
});

test('names are those of the resources, and paths find what is in them', async () => {
  expect((await holdfast('backup', 'get', '-o', 'name')).stdout).toBe('backup/one\nbackup/two\n');
  expect((await holdfast('backup', 'describe', 'two', '-o', 'name')).stdout).toBe('backup/two\n');
  const path = 'jsonpath={range .items}';
  expect(await holdfast('backup', 'get', '-o', path)).toMatchObject({ status: 2, stdout: '' });
  const phases = 'jsonpath={.items[*].status.phase}{"\\n"}';
  expect((await holdfast('backup', 'get', '-o', phases)).stdout).toBe('Completed Completed\n');
});

test('wide adds columns, and --no-headers leaves their headings out', async () => {
  const wide = await holdfast('backup', 'get', '-o', 'wide');
  expect(wide.stdout).toMatch(/^NAME .* CLUSTER +ERRORS +WARNINGS +CREATED +EXPIRES +NAMESPACES\n/);
  const rows = await holdfast('backup', 'get', '--no-headers');
  expect(rows.stdout.split('\n').map((row) => row.split(' ')[0])).toEqual(['one', 'two', '']);
});

test('what has no name refuses to print names, and an unknown format names the known ones', async () => {
  const nameless = await holdfast('version', '--client', '-o', 'name');
  expect(nameless).toMatchObject({ status: 2, stdout: '' });
  expect(nameless.stderr).toContain('there is no name to print');
  const unknown = await holdfast('backup', 'get', '-o', 'xml');
  expect(unknown).toMatchObject({ status: 2, stdout: '' });
  expect(unknown.stderr).toContain('table|wide|json|yaml|name|jsonpath=TEMPLATE');
});

test('that there is nothing is said on standard error, and not with --quiet', async () => {
  const none = ['backup', 'items', 'one', '--type', 'cm'];
  const loud = await holdfast(...none);
  expect(loud).toMatchObject({ status: 0, stdout: '' });
  expect(loud.stderr).toContain('no item of the backup matches');
  expect(await holdfast(...none, '-q')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('values that are not to be shown end with 6', async () => {
  const item = ['backup', 'item', 'one', 'secrets', 's', '--reveal-secrets'];
  const denied = await holdfast(...item);
  expect(denied).toMatchObject({ status: 6, stdout: '' });
  expect(denied.stderr).toContain('code secrets-forbidden');
});

test('a terminal gets colours, unless NO_COLOR is set, and a pipe gets none', async () => {
  expect(await onTerminal({})).toContain(COLOR);
  const plain = await onTerminal({ NO_COLOR: '1' });
  expect(plain).toMatch(/^NAME /);
  expect(plain).not.toContain(COLOR);
  expect((await holdfast('backup', 'get')).stdout).not.toContain(COLOR);
});

/** What a person sees. */
async function onTerminal(env: NodeJS.ProcessEnv): Promise<string> {
  const command = `${LAUNCHER} backup get --server ${server}`;
  const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '', FORCE_COLOR: undefined, ...env },
  });
  return stdout;
}
