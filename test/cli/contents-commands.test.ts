import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import type { BackupItemList, RestoreItemList } from '../../domain/backup-contents.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import type { RestoreVerb } from '../../domain/restore.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { contentsApi, openFolder } from '../support/contents-api.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { storeBackup, typeOf } from '../support/stored-backup.ts';
import { storeRestore } from '../support/stored-restore.ts';

// Goal: contents are looked at on the command line as they are, and a download is a file or nothing. Method:
// bin/holdfast as a user runs it, against an API over a folder with a stored backup.

const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const SECRET = typeOf('Secret', 'secrets');
const BIG = typeOf('Big', 'bigs.example.com', false);
const BIG_JSON =
  '{"apiVersion":"example.com/v1","kind":"Big","metadata":{"name":"n"},"spec":90071992547409931}';
const COVERAGE: CoverageReport = {
  version: 1,
  items: { expected: 603, captured: 603 },
  types: [],
  groups: [],
  namespaces: [{ name: 'holdfast', reason: 'holdfast' }],
  volumes: { captured: 0, items: [], leftOut: {} },
  hooks: [],
  ambiguousNames: [],
};
const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
/** More than one page. */
const MANY = 600;
let app: FastifyInstance;
let server: string;
let folder: string;

beforeAll(async () => {
  const { path, store } = await openFolder();
  folder = path;
  const many = Array.from({ length: MANY }, (_, index): ArchiveItem => {
    const metadata = { name: `c-${String(index)}`, namespace: 'many', labels: { app: 'many' } };
    return { type: CONFIG_MAP, object: { metadata } };
  });
  const secret = { metadata: { name: 's', namespace: 'shop' }, data: { password: 'c2VjcmV0' } };
  const big = { apiVersion: 'example.com/v1', kind: 'Big', metadata: { name: 'n' } };
  await storeBackup(store, 'b', [
    { type: BIG, object: big, json: BIG_JSON },
    { type: SECRET, object: secret },
    ...many,
  ]);
  await writeJsonGz(store, backupKeys('b').coverage, COVERAGE);
  await storeBackup(store, 'plain', []);
  const created = many.map(({ object }) => outcome(object.metadata.name, 'created'));
  const failed = outcome('late', 'failed');
  await storeRestore(store, 'r', [created, [{ ...failed, reason: 'cluster-rejected: no\nmore' }]]);
  app = await contentsApi(store, { isRevealAllowed: true, temporalAddress: TEMPORAL });
  server = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

function outcome(name: string, verb: RestoreVerb): RestoreOutcome {
  const { group, version, resource, kind } = CONFIG_MAP;
  return { ...{ group, version, resource, kind }, namespace: 'many', name, verb };
}

async function holdfast(...args: string[]) {
  return run('backup', ...args);
}

async function run(...args: string[]) {
  const command = startHoldfast(args, { HOLDFAST_SERVER: server });
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

test('a type that the backup does not have gives no items, and a hint how types are named', async () => {
  const { status, stdout, stderr } = await holdfast('items', 'b', '--type', 'cm');
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(stderr).toContain('holdfast backup coverage b');
});

test('items are a table, and all of them however many pages they are', async () => {
  const table = await holdfast('items', 'b', '-n', 'shop');
  expect(table).toEqual({
    status: 0,
    stdout: 'TYPE      NAMESPACE   NAME   SIZE\nsecrets   shop        s      109 B\n',
    stderr: '',
  });
  const json = await holdfast('items', 'b', '--type', 'configmaps', '-l', 'app', '-o', 'json');
  // The type is that of the answer of the API.
  const { items, metadata } = JSON.parse(json.stdout) as BackupItemList;
  expect(new Set(items.map(({ name }) => name)).size).toBe(MANY);
  expect(metadata).toEqual({});
});

test('labels of items are columns where they are asked for, and names are those of kubectl', async () => {
  const one = ['items', 'b', '--name', 'c-1', '--no-headers'];
  const columns = await holdfast(...one, '-L', 'app,example.com/none', '--show-labels');
  expect(columns.stdout).toMatch(/^configmaps +many +c-1 +\d+ B +many +app=many\n$/);
  const headed = await holdfast('items', 'b', '-n', 'shop', '-L', 'example.com/team', '-o', 'wide');
  expect(headed.stdout).toMatch(/^TYPE .* SIZE +KIND +VERSION +UID +TEAM\n.* Secret +v1\b/);
  const names = await holdfast('items', 'b', '--name', 'c-1', '-o', 'name');
  expect(names.stdout).toBe('configmaps/c-1\n');
});

test('--limit cuts the list and says so', async () => {
  const { stdout, stderr } = await holdfast('items', 'b', '--name', 'c-1*', '--limit', '2');
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  expect(stderr).toContain('more items');
});

test('what became of the items of a restore is a table, or a list, as far as it is asked for', async () => {
  expect(await run('restore', 'items', 'r', '--verb', 'failed')).toEqual({
    status: 0,
    stdout:
      'VERB     TYPE         NAMESPACE   NAME   REASON\n' +
      'failed   configmaps   many        late   cluster-rejected: no more\n',
    stderr: '',
  });
  const json = await run('restore', 'items', 'r', '-n', 'many', '-o', 'json');
  // The type is that of the answer of the API.
  const { kind, items } = JSON.parse(json.stdout) as RestoreItemList;
  expect({ kind, items: items.length }).toEqual({ kind: 'RestoreItemList', items: MANY + 1 });
  const cut = await run('restore', 'items', 'r', '--type', 'cm,ConfigMap', '--limit', '2');
  expect(cut.stdout.trimEnd().split('\n')).toHaveLength(3);
  expect(cut.stderr).toContain('more items');
});

test('one item is YAML or JSON, with masked Secrets and exact numbers', async () => {
  const masked = await holdfast('item', 'b', 'secret', 's', '-n', 'shop');
  expect(parse(masked.stdout)).toMatchObject({ kind: 'Secret', data: { password: '***' } });
  const shown = await holdfast('item', 'b', 'Secret', 's', '-n', 'shop', '--reveal-secrets');
  expect(parse(shown.stdout)).toMatchObject({ data: { password: 'c2VjcmV0' } });
  expect((await holdfast('item', 'b', 'bigs', 'n')).stdout).toContain('spec: 90071992547409931\n');
  expect((await holdfast('item', 'b', 'bigs', 'n', '-o', 'json')).stdout).toBe(`${BIG_JSON}\n`);
  const missing = await holdfast('item', 'b', 'bigs', 'none');
  expect(missing).toMatchObject({ status: 5, stdout: '' });
});

test('a download is a file that tar reads, and replaces none unless it is told to', async () => {
  const file = join(folder, 'download.tar.gz');
  const first = await holdfast('download', 'b', '-o', file);
  expect(first).toMatchObject({ status: 0, stdout: '' });
  const names = execFileSync('tar', ['tzf', file]).toString();
  expect(names).toContain('resources/secrets/namespaces/shop/s.json\n');
  expect(execFileSync('tar', ['xzOf', file]).toString()).not.toContain('c2VjcmV0');

  const again = await holdfast('download', 'b', '--output-file', file, '--reveal-secrets');
  expect(again.status).toBe(2);
  expect(again.stderr).toContain('--force');
  await holdfast('download', 'b', '--output', file, '--reveal-secrets', '--force');
  const stored = await readFile(join(folder, backupKeys('b').archive));
  expect((await readFile(file)).equals(stored)).toBe(true);
});

test('a download that breaks off leaves no file', async () => {
  const archive = join(folder, backupKeys('b').archive);
  const stored = await readFile(archive);
  const file = join(folder, 'broken.tar.gz');
  const damaged = Buffer.from(stored);
  const place = stored.length - 100;
  damaged[place] = (stored[place] ?? 0) ^ 1;
  await writeFile(archive, damaged);
  const { status } = await holdfast('download', 'b', '-o', file);
  await writeFile(archive, stored);
  expect(status).toBe(1);
  expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
});

test('coverage and describe --details tell what was left out, and where that is not known', async () => {
  const text = 'Items: 603 of 603\n';
  const left = 'holdfast   it belongs to Holdfast itself';
  for (const args of [
    ['coverage', 'b'],
    ['describe', 'b', '--details'],
  ]) {
    const { status, stdout } = await holdfast(...args);
    expect(status).toBe(0);
    expect(stdout).toContain(text);
    expect(stdout).toContain(left);
  }
  const json = await holdfast('describe', 'b', '--details', '-o', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Backup', coverage: COVERAGE });
  const unknown = await holdfast('describe', 'plain', '--details');
  expect(unknown.status).toBe(0);
  expect(unknown.stdout).toMatch(/^Coverage: the backup plain has no report/m);
  expect((await holdfast('coverage', 'plain')).status).toBe(5);
});
