import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { accountKubeconfig } from '../support/account-kubeconfig.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freePort } from '../support/free-port.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: the key that opens all copies of volumes can be kept outside of its cluster, comes back into an empty one, and is
// never replaced. Method: bin/holdfast as a user runs it, and the real cluster.

const KEY = '0123456789abcdef'.repeat(4);
const OTHER = 'ab'.repeat(32);
const MODE_BITS = 0o777;
let folder: string;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
  namespace = await freshNamespace('keys');
});

afterAll(async () => {
  await dropNamespaces(namespace);
  await rm(folder, { recursive: true });
});

async function keys(verb: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const command = startHoldfast(['keys', verb, '--namespace', namespace, ...args], env);
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

async function keyFile(name: string, key: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${key}\n`);
  return path;
}

test('a cluster without a key has none to export, and takes nothing that is no key', async () => {
  const [missing, short] = await Promise.all([
    keys('export'),
    keys('import', [await keyFile('short', 'abc')]),
  ]);
  expect(missing).toMatchObject({ status: 5, stdout: '' });
  expect(missing.stderr).toContain(`no Secret holdfast-master-key in the namespace ${namespace}`);
  expect(short).toMatchObject({ status: 1, stderr: expect.stringContaining('64 hex') as string });
});

test('an imported key is the one that is exported, and another one is refused', async () => {
  expect(await keys('import', [await keyFile('key', KEY)])).toEqual({
    ...{ status: 0, stdout: '', stderr: `the namespace ${namespace} has the master key now\n` },
  });
  const [other, exported] = await Promise.all([
    keys('import', [await keyFile('other', OTHER)]),
    keys('export'),
  ]);
  expect(other).toMatchObject({ status: 7, stderr: expect.stringContaining('never') as string });
  expect(exported).toEqual({ status: 0, stdout: `${KEY}\n`, stderr: '' });
});

test('a file with the key is for its owner alone, and none is replaced unasked', async () => {
  const path = await keyFile('exported', 'mine');
  const refused = await keys('export', ['-o', path]);
  expect(refused).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--force') as string,
  });
  expect(await readFile(path, 'utf8')).toBe('mine\n');
  await chmod(path, 0o644);
  expect(await keys('export', ['-o', path, '--force'])).toMatchObject({ status: 0, stdout: '' });
  expect(await readFile(path, 'utf8')).toBe(`${KEY}\n`);
  expect((await stat(path)).mode & MODE_BITS).toBe(0o600);
});

test('a cluster that refuses, one that does not answer and a wrong flag are told apart', async () => {
  await kubectl('-n', namespace, 'create', 'serviceaccount', 'nobody');
  const nobody = await accountKubeconfig('nobody', namespace);
  onTestFinished(() => nobody.remove());
  const away = join(folder, 'away');
  const server = `https://127.0.0.1:${String(await freePort())}`;
  await writeFile(
    away,
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'away', users: [] },
      clusters: [{ name: 'away', cluster: { server } }],
      contexts: [{ name: 'away', context: { cluster: 'away', user: '' } }],
    }),
  );
  const [forbidden, unreachable, context] = await Promise.all([
    keys('export', ['--kubeconfig', nobody.kubeconfig]),
    keys('export', [], { KUBECONFIG: away }),
    keys('export', ['--context', 'no-such-context', '--kubeconfig', away]),
  ]);
  expect(forbidden).toMatchObject({
    ...{ status: 6, stderr: expect.stringContaining('Forbidden') as string },
  });
  expect(unreachable).toMatchObject({
    ...{ status: 1, stderr: expect.stringContaining('no answer') as string },
  });
  expect(context).toMatchObject({ status: 2 });
});
