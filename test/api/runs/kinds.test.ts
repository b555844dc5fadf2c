import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { BACKUPS, RESTORES } from '../../../api/runs/kinds.ts';
import { backupKeys, restoreKeys } from '../../../domain/object-key.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';

async function open() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-kinds-'));
  return createFolderStore({ name: 'default', provider: 'folder', path });
}

test('a backup that cannot be read stays in the list as failed, with the reason', async () => {
  const store = await open();
  await store.put(backupKeys('damaged').record, Buffer.from('{"kind":"Back'));
  const { items } = await BACKUPS.list(store, 'default', { limit: 10 });
  expect(items).toMatchObject([
    {
      kind: 'Backup',
      metadata: { name: 'damaged', location: 'default' },
      status: {
        phase: 'Failed',
        failure: { code: 'unsupported-format', subject: backupKeys('damaged').record },
      },
    },
  ]);
});

test('a restore that cannot be read stays in the list as failed, with the reason', async () => {
  const store = await open();
  await store.put(restoreKeys('damaged').claim, Buffer.from('{"version":99}'));
  const { items } = await RESTORES.list(store, 'default', { limit: 10 });
  expect(items).toMatchObject([
    {
      kind: 'Restore',
      metadata: { name: 'damaged' },
      status: { phase: 'Failed', failure: { code: 'unsupported-format' } },
    },
  ]);
});

test('a backup whose name is only claimed is not in the list of ended ones', async () => {
  const store = await open();
  const claim = { version: 1, kind: 'Backup', runUid: 'u', name: 'claimed' };
  await store.put(backupKeys('claimed').claim, Buffer.from(JSON.stringify(claim)));
  const { items } = await BACKUPS.list(store, 'default', { limit: 10 });
  expect(items).toEqual([]);
});

test('an ended backup says how many volumes it holds, and how many it lacks', async () => {
  const store = await open();
  const times = { startTimestamp: '2026-01-01T00:00:00Z' };
  const result = { volumes: { copied: 3, failed: 1, files: 40, bytes: 5000 } };
  const claim = {
    version: 1,
    kind: 'Backup',
    name: 'b',
    runUid: 'u',
    archive: {},
    cluster: {},
    result,
  };
  const record = {
    ...{ apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'b' } },
    ...{ spec: {}, status: { phase: 'PartiallyFailed', ...times } },
  };
  await store.put(backupKeys('b').claim, Buffer.from(JSON.stringify(claim)));
  await store.put(backupKeys('b').record, Buffer.from(JSON.stringify(record)));
  const backup = await BACKUPS.read(store, { location: 'default', name: 'b' });
  expect(backup?.status.volumes).toEqual({
    ...{ total: 4, done: 3, failed: 1, filesDone: 40, bytesDone: 5000 },
  });
});

test('an ended restore says how many volumes got their data, and how many did not', async () => {
  const store = await open();
  const result = {
    ...{ phase: 'PartiallyFailed', startTimestamp: '2026-01-01T00:00:00Z', items: 5, counts: {} },
    volumes: { restored: 2, failed: 1, files: 40, bytes: 5000 },
  };
  const claim = {
    version: 1,
    kind: 'Restore',
    name: 'r',
    runUid: 'u',
    spec: {},
    cluster: {},
    result,
  };
  await store.put(restoreKeys('r').claim, Buffer.from(JSON.stringify(claim)));
  const restore = await RESTORES.read(store, { location: 'default', name: 'r' });
  expect(restore?.status.volumes).toEqual({
    ...{ total: 3, done: 2, failed: 1, filesDone: 40, bytesDone: 5000 },
  });
});
