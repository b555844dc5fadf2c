import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';

import type { BackupPreview, BackupResource } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { archiveItems } from '../support/archive-items.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: a Backup of Velero selects here what it says, and the record that is left says the same in Velero's words.
// Method: bin/holdfast with a file as Velero's command prints it, against a whole installation.

const namespace = `velero-file-${String(process.pid)}`;
const FILTERS = {
  includedNamespaces: [`${namespace.slice(0, -1)}?`],
  includedNamespaceScopedResources: ['cm', 'secrets'],
  excludedClusterScopedResources: ['namespaces'],
  orLabelSelectors: [
    { matchExpressions: [{ key: 'tier', operator: 'In', values: ['db', 'web'] }] },
    { matchLabels: { app: 'shop' } },
  ],
  snapshotVolumes: false,
};
let installation: Installation;
let file: string;

beforeAll(async () => {
  installation = await Installation.start();
  await kubectl('create', 'namespace', namespace);
  for (const [name, label] of Object.entries({
    shop: 'app=shop',
    web: 'tier=web',
    other: 'app=x',
  })) {
    await kubectl('-n', namespace, 'create', 'configmap', name);
    await kubectl('-n', namespace, 'label', 'configmap', name, label);
  }
  file = join(await mkdtemp(join(tmpdir(), 'holdfast-velero-')), 'b.yaml');
  const spec = { ...FILTERS, csiSnapshotTimeout: '0s', hooks: {}, metadata: {}, ttl: '24h0m0s' };
  const metadata = { creationTimestamp: null, name: 'theirs', namespace: 'velero' };
  await writeFile(
    file,
    stringify({ apiVersion: 'velero.io/v1', kind: 'Backup', metadata, spec, status: {} }),
  );
});

afterAll(async () => {
  await installation.stop();
  await dropNamespaces(namespace);
});

async function create(...flags: string[]) {
  const args = ['backup', 'create', '-f', file, '--cluster', installation.name, '-o', 'json'];
  const command = startHoldfast([...args, ...flags], { HOLDFAST_SERVER: installation.apiUrl });
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

test('a dry run tells what would be in the backup, and makes none', async () => {
  const { status, stdout, stderr } = await create('--dry-run');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // What the API answers to a dry run.
  const { kind, coverage } = JSON.parse(stdout) as BackupPreview;
  expect(kind).toBe('BackupPreview');
  expect(coverage.items.expected).toBe(2);
  const table = await create('--dry-run', '-o', 'table');
  expect(table.stdout).toMatch(/^Items: 2 of 2$/m);
  expect((await installation.request('GET', '/backups/theirs')).status).toBe(404);
});

test('the backup holds what the file selects', async () => {
  const { status, stdout } = await create('--wait');
  expect(status).toBe(0);
  const { spec } = JSON.parse(stdout) as BackupResource;
  expect(spec).toMatchObject(FILTERS);
  const store = installation.store();
  const items = await archiveItems(store, 'theirs');
  expect(items.map((item) => item.split(' ')[0])).toEqual([
    `configmaps/${namespace}/shop`,
    `configmaps/${namespace}/web`,
  ]);
  const record: unknown = JSON.parse(
    (await readAll(store, backupKeys('theirs').record)).toString(),
  );
  expect(record).toMatchObject({
    spec: { ...FILTERS, ttl: '24h0m0s', storageLocation: 'default' },
  });
  store.close();
});

test('the same request in another order gives the same backup', async () => {
  const again = await create('--include-namespace-scoped-resources', 'cm,secrets,cm');
  expect(again.status).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ status: { phase: 'Completed' } });
  const other = await create('--include-namespace-scoped-resources', 'cm');
  expect(other.status).toBe(7);
  expect(other.stderr).toContain('already-exists');
});
