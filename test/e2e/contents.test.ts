import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import type { BackupItemList } from '../../domain/backup-contents.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { CONFIG_MAP, fillNamespace, SECRET } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: a backup of a real cluster can be looked into, over a real store, from its end on and not before. Method: what
// the API lists is compared with what kubectl lists; a proxy before the store holds one backup open.

const plain = `contents-${String(process.pid)}`;
const large = `${plain}-large`;
const LARGE_ITEMS = 1200;
let proxy: FaultProxy;
let installation: Installation;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  await fillNamespace(plain, { type: SECRET, count: 3, bytes: 100 });
  await fillNamespace(large, { type: CONFIG_MAP, count: LARGE_ITEMS, bytes: 500 });
});

afterAll(async () => {
  await installation.stop();
  proxy.stop();
  await dropNamespaces(plain, large);
});

test('while a backup runs its contents are refused, and then they are there', async () => {
  const matches = (path: string): boolean => path.includes('/held/work/');
  const release = proxy.hold(matches);
  await installation.createBackup('held', [large]);
  const early = await installation.request<Problem>('GET', '/backups/held/items');
  expect(early.body).toMatchObject({ status: 409, code: 'still-running' });
  release();
  await installation.ended('backups', 'held');
  proxy.faults = [];
  const path = `/backups/held/items?type=configmaps&namespace=${large}&limit=500`;
  const { body } = await installation.request<BackupItemList>('GET', path);
  const inCluster = await kubectl('-n', large, 'get', 'configmaps', '-o', 'name');
  const count = inCluster.trim().split('\n').length;
  expect(body.items.length + (body.metadata.remainingItemCount ?? 0)).toBe(count);
});

test('items, coverage and tarball agree, and no value of a Secret is in any of them', async () => {
  await installation.createBackup('b', [plain]);
  await installation.ended('backups', 'b');
  const { body } = await installation.request<BackupItemList>('GET', '/backups/b/items?limit=500');
  const coverage = await installation.request<CoverageReport>('GET', '/backups/b/coverage');
  expect(body.items).toHaveLength(coverage.body.items.captured);

  const folder = await mkdtemp(join(tmpdir(), 'holdfast-contents-'));
  const file = join(folder, 'b.tar.gz');
  const command = startHoldfast(['backup', 'download', 'b', '-o', file], {
    HOLDFAST_SERVER: installation.apiUrl,
  });
  expect(await command.status, command.stderr).toBe(0);
  const names = execFileSync('tar', ['tzf', file]).toString().trim().split('\n');
  // The version, and each object twice.
  expect(names).toHaveLength(1 + 2 * body.items.length);
  const secret = await kubectl('-n', plain, 'get', 'secret', 'item-00000', '-o', 'json');
  // kubectl prints a Secret.
  const { data } = JSON.parse(secret) as { data: Record<string, string> };
  const [value = ''] = Object.values(data);
  expect(value).not.toBe('');
  expect(execFileSync('tar', ['xzOf', file]).toString()).not.toContain(value);
  const item = await installation.request(
    'GET',
    `/backups/b/items/secrets/item-00000?namespace=${plain}`,
  );
  expect(item.body).toMatchObject({
    kind: 'Secret',
    data: { [Object.keys(data)[0] ?? '']: '***' },
  });
});
