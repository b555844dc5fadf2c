import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { applyManifest } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { NodeAgents } from '../support/node-agents.ts';
import { describeTree, makeOddTree } from '../support/odd-tree.ts';

// Goal: a real database and a tree of everything that a file system can hold outlive their namespace. Method: PostgreSQL
// on one node and files on the other, agents of deploy/ on both; trees are read past Kubernetes, where the volumes are.

const SMALL_FILES = 10_000;
const ROWS = 'select count(*), sum(crate), md5(string_agg(mark, null order by crate)) from cargo';
const SPARSE_BYTES_MAX = 1024 * 1024;
const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const run = promisify(execFile);

let installation: Installation;
let agents: NodeAgents;
let namespace = '';
let before: { readonly tree: string[]; readonly rows: string; readonly volume: string };

beforeAll(async () => {
  await run(TESTBED, ['postgres-image']);
  installation = await Installation.start();
  namespace = await freshNamespace('trees');
  [agents] = await Promise.all([NodeAgents.start(installation), makeData()]);
});

afterAll(async () => {
  await Promise.all([dropNamespaces(namespace), agents.stop()]);
  await installation.stop();
});

async function makeData(): Promise<void> {
  await Promise.all([applyManifest('postgres', namespace), applyManifest('files', namespace)]);
  await ready();
  await psql(
    'create table cargo as select crate, md5(crate::text) mark from generate_series(1, 50000) crate',
  );
  // What the server still has to write would change files under the copy.
  await psql('checkpoint');
  const volume = await volumeFolder();
  makeOddTree(volume, SMALL_FILES);
  await chown(volume, 12_345, 3_000_000);
  await chmod(volume, 0o3771);
  before = { tree: describeTree(volume), rows: await psql(ROWS), volume };
}

async function ready(): Promise<void> {
  const wait = ['-n', namespace, 'rollout', 'status', '--timeout=180s'];
  await Promise.all([kubectl(...wait, 'statefulset/db'), kubectl(...wait, 'deployment/files')]);
}

async function psql(statement: string): Promise<string> {
  const args = ['exec', 'db-0', '--', 'psql', '--no-align', '--tuples-only', '-c', statement];
  return (await kubectl('-n', namespace, ...args)).trim();
}

/** Where the files of the claim are: this machine is every node of the test bed. */
async function volumeFolder(): Promise<string> {
  const claim = ['-n', namespace, 'get', 'pvc', 'files'];
  const volume = await kubectl(...claim, '-o', 'jsonpath={.spec.volumeName}');
  return kubectl('get', 'pv', volume, '-o', 'jsonpath={.spec.local.path}');
}

test('both volumes are copied where they are, counted and read back', async () => {
  await installation.createBackup('all', [namespace]);
  const { status } = await installation.ended('backups', 'all');
  expect(status).toMatchObject({ phase: 'Completed', errors: 0, warnings: 0 });
  // It is what the backup wrote.
  const records = (await readJsonGz(
    installation.store(),
    backupKeys('all').volumes,
  )) as readonly CopyRecord[];
  const proof = { level: 'ReadBack', counts: 'Equal', readBack: 'All' };
  // A database writes when it likes.
  const counts = expect.stringMatching(/^(Equal|Live)$/) as string;
  const liveProof = { ...proof, counts };
  const complete = { outcome: 'Complete', errorCount: 0 };
  const files = before.tree.filter((line) => line.includes('|f|')).length;
  expect(Object.fromEntries(records.map((record) => [volumeName(record), record]))).toMatchObject({
    [`${namespace}/data-db-0`]: {
      ...{ node: 'node-a', readThrough: 'db-0', copy: complete, proof: liveProof },
    },
    [`${namespace}/files`]: { node: 'node-b', copy: { ...complete, snapshot: { files } }, proof },
  });
  expect(records).toHaveLength(2);
  expect(files).toBeGreaterThan(SMALL_FILES);
});

test('after the deletion of the namespace the tree is as it was, and the database answers with its rows', async () => {
  await deleteNamespace(namespace);
  await expect.poll(() => existsSync(before.volume)).toBe(false);
  await installation.createRestore('all', { backupName: 'all' });
  const { status } = await installation.ended('restores', 'all');
  expect(status).toMatchObject({
    phase: 'Completed',
    errors: 0,
    volumes: { total: 2, done: 2, failed: 0 },
  });
  await ready();
  const volume = await volumeFolder();
  expect(describeTree(volume)).toEqual(before.tree);
  const { blocks } = await stat(join(volume, 'sparse'));
  expect(blocks * 512).toBeLessThan(SPARSE_BYTES_MAX);
  expect(before.rows).toMatch(/^50000\|1250025000\|/);
  expect(await psql(ROWS)).toBe(before.rows);
});
