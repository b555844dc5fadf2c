import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { applyManifest } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: a database outlives its namespace by a dump that a hook writes before the backup and another hook loads after the
// restore. Method: PostgreSQL whose own files are in no copy, so that nothing but the two hooks can bring the rows back.

const ROWS = 20_000;
const SUM = 'select count(*), sum(crate), md5(string_agg(mark, null order by crate)) from cargo';
/** Made anew by each initdb. */
const CLUSTER = 'select system_identifier from pg_control_system()';
const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));

let installation: Installation;
let namespace: string;

beforeAll(async () => {
  await promisify(execFile)(TESTBED, ['postgres-image']);
  [installation, namespace] = await Promise.all([
    Installation.start({ hasAgent: true }),
    freshNamespace('dump'),
  ]);
  await applyManifest('postgres-dump', namespace);
  await ready();
  await psql(
    `create table cargo as select crate, md5(crate::text) mark from generate_series(1, ${String(ROWS)}) crate`,
  );
});

afterAll(async () => {
  await dropNamespaces(namespace, installation.ownNamespace);
  await installation.stop();
});

async function ready(): Promise<void> {
  await kubectl('-n', namespace, 'rollout', 'status', '--timeout=180s', 'statefulset/db');
}

async function psql(statement: string): Promise<string> {
  const args = ['exec', 'db-0', '--', 'psql', '--no-align', '--tuples-only', '-c', statement];
  return (await kubectl('-n', namespace, ...args)).trim();
}

test('rows that only a dump holds are there again after a restore', async () => {
  const [rows, cluster] = [await psql(SUM), await psql(CLUSTER)];
  expect(rows).toMatch(new RegExp(`^${String(ROWS)}\\|`));
  await installation.createBackup('dump', [namespace]);
  const backup = (await installation.ended('backups', 'dump')).status;
  expect(backup).toMatchObject({
    ...{
      phase: 'Completed',
      volumes: { total: 1, done: 1, failed: 0 },
      hooks: { attempted: 1, failed: 0 },
    },
  });

  await deleteNamespace(namespace);
  await installation.createRestore('load', { backupName: 'dump' });
  const restore = (await installation.ended('restores', 'load')).status;
  expect(restore).toMatchObject({ phase: 'Completed', errors: 0 });
  await ready();
  expect(await psql(CLUSTER)).not.toBe(cluster);
  expect(await psql(SUM)).toBe(rows);
});
