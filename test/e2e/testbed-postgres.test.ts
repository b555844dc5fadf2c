import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { applyManifest } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: the test bed has a real database, whose rows live in a claim.
// Method: its StatefulSet, whose pod is deleted.

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const run = promisify(execFile);

let namespace = '';
beforeAll(async () => {
  await run(TESTBED, ['postgres-image']);
  namespace = await freshNamespace('postgres');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

async function psql(statement: string): Promise<string> {
  const args = ['exec', 'db-0', '--', 'psql', '--no-align', '--tuples-only', '-c', statement];
  return (await kubectl('-n', namespace, ...args)).trim();
}

test('rows of the database are there again after the death of its pod', async () => {
  await applyManifest('postgres', namespace);
  const ready = ['-n', namespace, 'rollout', 'status', 'statefulset/db', '--timeout=180s'];
  await kubectl(...ready);
  await psql('create table cargo as select generate_series(1, 1000) as crate');
  await kubectl('-n', namespace, 'delete', 'pod', 'db-0');
  await kubectl(...ready);
  expect(await psql('select count(*), sum(crate) from cargo')).toBe('1000|500500');
});
