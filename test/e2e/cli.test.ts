import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';

import type { ResourceList, RunResource } from '../../domain/api-resource.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { type RunningCommand, startHoldfast } from '../support/holdfast.ts';
import { freePort } from '../support/free-port.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: scripts can trust the exit status and what is on standard output. Method: bin/holdfast as a user runs it,
// against a whole installation; a proxy in front of the S3 server holds or harms a run where that is needed.

const small = `cli-${String(process.pid)}`;
const large = `${small}-large`;
const copy = `${small}-copy`;
const full = `${small}-full`;
let proxy: FaultProxy;
let installation: Installation;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url, patience: '10s' });
  await fillNamespace(small, { type: CONFIG_MAP, count: 5, bytes: 100 });
  await fillNamespace(large, { type: CONFIG_MAP, count: 1200, bytes: 100 });
});

beforeEach(() => {
  proxy.faults = [];
  proxy.hits = 0;
});

afterAll(async () => {
  await installation.stop();
  proxy.stop();
  await dropNamespaces(small, large, copy, full);
});

function start(...args: string[]): RunningCommand {
  return startHoldfast(args, { HOLDFAST_SERVER: installation.apiUrl });
}

async function holdfast(
  ...args: string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const command = start(...args);
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

function createBackup(name: string, namespace: string, ...flags: string[]): string[] {
  const spec = ['--cluster', installation.name, '--include-namespaces', namespace];
  return ['backup', 'create', name, ...spec, ...flags];
}

function createRestore(name: string, backup: string, ...flags: string[]): string[] {
  const spec = ['--cluster', installation.name, '--from-backup', backup];
  return ['restore', 'create', name, ...spec, ...flags];
}

/** Holds a backup in the middle of its export until what is given back is called. */
function hold(name: string): () => void {
  return proxy.hold((path) => isWorkKey(path) && path.includes(`/${name}/`));
}

async function shown(path: string): Promise<unknown> {
  return (await installation.request('GET', path)).body;
}

test('backup create --wait describes the backup on standard output, and tells its progress elsewhere', async () => {
  const { status, stdout, stderr } = await holdfast(...createBackup('first', small, '--wait'));
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/^Name: +first\n/);
  expect(stdout).toMatch(/^Phase: +Completed$/m);
  expect(stderr).toMatch(/^backup first: Completed/m);
  expect(stdout).not.toContain('backup first:');
});

test('without --wait a command ends when the request is accepted', async () => {
  const { status, stdout, stderr } = await holdfast(...createBackup('second', small));
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(stderr).toMatch(
    /^backup second is \w+; look at it with: holdfast backup describe second$/m,
  );
  expect((await installation.ended('backups', 'second')).status.phase).toBe('Completed');
});

test('get and describe print what the API sent as JSON and YAML, and the same in tables', async () => {
  const json = await holdfast('backup', 'get', 'first', '-o', 'json');
  expect(json.status).toBe(0);
  expect(JSON.parse(json.stdout)).toEqual(await shown('/backups/first'));
  const yaml = await holdfast('backup', 'describe', 'first', '--output=yaml');
  expect(parse(yaml.stdout)).toEqual(await shown('/backups/first'));
  const list = await holdfast('backup', 'get', '-o', 'json');
  expect(JSON.parse(list.stdout)).toMatchObject({ kind: 'BackupList' });
  // JSON of the API's own list type, as the line above has seen.
  const { items } = JSON.parse(list.stdout) as ResourceList<RunResource>;
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['first', 'second']);
  const table = await holdfast('backup', 'get');
  const [head, ...rows] = table.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^NAME +PHASE +ITEMS +AGE +DURATION +LOCATION +CLUSTER$/);
  expect(rows.map((row) => row.split(/ +/).slice(0, 2))).toEqual([
    ['first', 'Completed'],
    ['second', 'Completed'],
  ]);
  const described = await holdfast('backup', 'describe', 'first');
  expect(described.stdout).toMatch(/^Archive: +\d+ bytes, .*sha256 [0-9a-f]{64}$/m);
});

test('restore create --wait restores under another name and ends with 0', async () => {
  const mapping = ['--namespace-mappings', `${small}:${copy}`];
  const { status, stdout } = await holdfast(...createRestore('r', 'first', ...mapping, '--wait'));
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Phase: +Completed$/m);
  expect(stdout).toContain(`${small} to ${copy}`);
  const names = await kubectl('-n', copy, 'get', 'configmaps', '-o', 'name');
  expect(names.split('\n').filter((line) => line.includes('/item-'))).toHaveLength(5);
});

test('a wrong flag or argument ends with 2, and prints nothing on standard output', async () => {
  const wrong = [
    ['backup', 'get', '--no-such-flag'],
    ['backup', 'get', '-o', 'xml'],
    ['backup', 'create'],
    ['backup', 'no-such-command'],
    ['restore', 'create', 'r'],
    createRestore('r', 'first', '--namespace-mappings', 'a'),
    ['dev', '--port', '0'],
  ];
  const answers = await Promise.all(wrong.map((args) => holdfast(...args)));
  for (const [index, { status, stdout, stderr }] of answers.entries()) {
    expect({ args: wrong[index], status, stdout }).toEqual({
      args: wrong[index],
      status: 2,
      stdout: '',
    });
    expect(stderr).toMatch(/^error: /m);
  }
});

test('an API that does not answer ends with 1', async () => {
  const server = `http://127.0.0.1:${String(await freePort())}`;
  const { status, stderr } = await holdfast('backup', 'get', '--server', server);
  expect(status).toBe(1);
  expect(stderr).toContain(`the API at ${server} does not answer`);
});

test('a request that is refused ends with 1 and says why, as JSON where that is asked for', async () => {
  const text = await holdfast(...createBackup('none', 'no-such-namespace'));
  expect({ status: text.status, stdout: text.stdout }).toEqual({ status: 1, stdout: '' });
  expect(text.stderr).toContain('code namespace-not-found');
  const json = await holdfast(...createBackup('none', 'no-such-namespace', '--output=json'));
  expect(JSON.parse(json.stderr)).toMatchObject({ status: 422, code: 'namespace-not-found' });
});

test('what is not there ends with 5, and what is in the way with 7', async () => {
  expect(await holdfast('backup', 'get', 'nothing')).toMatchObject({ status: 5, stdout: '' });
  const other = await holdfast(...createBackup('first', small, '--ttl', '7h'));
  expect(other).toMatchObject({ status: 7, stdout: '' });
  expect(other.stderr).toContain('code already-exists');
});

test('a backup that failed ends with 4 and names the failure', async () => {
  proxy.faults = [
    { method: 'GET', matches: (path) => path.endsWith('bad.tar.gz'), effect: 'flip' },
  ];
  const { status, stdout } = await holdfast(...createBackup('bad', small, '--wait'));
  expect(status).toBe(4);
  expect(stdout).toMatch(/^Failure: +archive-mismatch: /m);
});

test('a restore that a quota stopped half-way ends with 3, or with 0 where that is enough', async () => {
  await kubectl('create', 'namespace', full);
  await kubectl('-n', full, 'create', 'quota', 'few', '--hard=count/configmaps=3');
  await expect
    .poll(() => kubectl('-n', full, 'get', 'quota', 'few', '-o', 'jsonpath={.status.used}'))
    .toContain('count/configmaps');
  const mapping = ['--namespace-mappings', `${small}:${full}`];
  const { status, stdout } = await holdfast(...createRestore('few', 'first', ...mapping, '--wait'));
  expect({ status, stdout }).toMatchObject({ status: 3 });
  expect(stdout).toMatch(/^Phase: +PartiallyFailed$/m);
  // The same request again is the same restore, which has ended.
  const enough = await holdfast(...createRestore('few', 'first', ...mapping, '--fail-on=failed'));
  expect(enough).toMatchObject({ status: 0 });
  expect(enough.stdout).toMatch(/^Phase: +PartiallyFailed$/m);
});

test('a backup that somebody cancels ends with 4', async () => {
  const release = hold('stopped');
  const waiting = start(...createBackup('stopped', large, '--wait'));
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  const cancel = await holdfast('backup', 'cancel', 'stopped');
  release();
  expect(cancel).toEqual({ status: 0, stdout: '', stderr: 'backup stopped is asked to end\n' });
  expect(await waiting.status).toBe(4);
  expect(waiting.stdout).toMatch(/^Phase: +Cancelled$/m);
});

test('what the API needs and lacks ends with 1', async () => {
  const { status, stderr } = await holdfast('backup', 'create', 'x', '--cluster', 'mars');
  expect(status).toBe(1);
  expect(stderr).toContain('code no-worker');
});

test('Ctrl-C while waiting ends with 130, and the run goes on', async () => {
  const release = hold('left');
  const waiting = start(...createBackup('left', large, '--wait'));
  await expect.poll(() => proxy.hits).toBeGreaterThan(0);
  await expect.poll(() => waiting.stderr).toContain('backup left: ');
  waiting.child.kill('SIGINT');
  expect(await waiting.status).toBe(130);
  expect(waiting.stderr).toContain('the backup goes on');
  release();
  expect((await installation.ended('backups', 'left')).status.phase).toBe('Completed');
});

test('a wait that takes too long ends with 124, and the run goes on', async () => {
  const release = hold('slow');
  const { status, stdout, stderr } = await holdfast(...createBackup('slow', large, '--timeout=1s'));
  expect({ status, stdout }).toEqual({ status: 124, stdout: '' });
  expect(stderr).toMatch(/^error: it takes longer .* the backup goes on; look at it with: /m);
  release();
  expect((await installation.ended('backups', 'slow')).status.phase).toBe('Completed');
});

test('a deletion is not done without a yes', async () => {
  const { status, stderr } = await holdfast('backup', 'delete', 'second');
  expect(status).toBe(2);
  expect(stderr).toContain('nothing was deleted');
  expect((await installation.look('backups', 'second'))?.status.phase).toBe('Completed');
});

test.each(['second', 'bad', 'stopped'])(
  'delete --yes --wait ends when the backup %s is gone',
  async (name) => {
    const { status, stdout, stderr } = await holdfast('backup', 'delete', name, '--yes', '--wait');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^backup ${name} is deleted$`, 'm'));
    expect((await installation.request('GET', `/backups/${name}`)).status).toBe(404);
  },
);

test('a deletion that fails ends with 4, and the backup is still there', async () => {
  const matches = (path: string): boolean => !path.includes('.');
  proxy.faults = [
    { method: 'POST', matches, effect: 'fail' },
    { method: 'DELETE', matches: () => true, effect: 'fail' },
  ];
  const { status, stdout, stderr } = await holdfast('backup', 'delete', 'first', '--yes', '--wait');
  expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
  expect(stderr).toContain('the backup first is still there');
});
