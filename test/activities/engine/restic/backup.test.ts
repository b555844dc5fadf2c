import { spawn } from 'node:child_process';
import { chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { copyProcesses, seenOf } from '../../../support/copy-processes.ts';
import {
  folderOf,
  nobodyRestic,
  restic,
  VolumeFixture,
  volumeLabels,
} from '../../../support/volume-fixture.ts';

// Goal: a copy says what it is, is made once for each run, and builds on the one before. Real restic, real folders.

const WORKER = fileURLToPath(new URL('../../../support/endless-copy-main.ts', import.meta.url));

const fixture = VolumeFixture.forFile();

test('reads again only what changed since the volume was last copied', async () => {
  const engine = fixture.engine();
  const repository = await fixture.repository();
  const volume = await fixture.volume();
  await writeFile(join(volume, 'one'), Buffer.alloc(3000, 1));
  await mkdir(join(volume, 'folder'));
  await writeFile(join(volume, 'folder', 'two'), Buffer.alloc(2000, 2));
  const root = await fixture.root(volume);
  const labels = volumeLabels();

  const first = await engine.backup({ repository, root, labels }, fixture.run());
  expect(first).toMatchObject({
    outcome: 'Complete',
    isAdopted: false,
    errorCount: 0,
    snapshot: { files: 2, bytes: 5000, filesChanged: 2 },
  });
  expect(first).not.toHaveProperty('parent');

  await writeFile(join(volume, 'three'), 'new');
  const next = { ...labels, runUid: 'run-2' };
  const second = await engine.backup({ repository, root, labels: next }, fixture.run());
  expect(second).toMatchObject({
    outcome: 'Complete',
    snapshot: { files: 3, bytes: 5003, filesChanged: 1 },
    parent: { files: 2, bytes: 5000 },
  });

  // The agent died after the snapshot was saved, and the copy is tried again.
  const again = await engine.backup({ repository, root, labels: next }, fixture.run());
  expect(again).toMatchObject({ ...second, isAdopted: true });
  const { clusterUid, volumeUid } = labels;
  const stored = await engine.snapshots({ repository, clusterUid, volumeUid }, fixture.run());
  expect(stored.map((snapshot) => snapshot.labels['run'])).toEqual([labels.runUid, 'run-2']);

  // What was copied before the volume was looked for again is void.
  const elsewhere = { ...next, epoch: '2.0' };
  const third = await engine.backup({ repository, root, labels: elsewhere }, fixture.run());
  expect(third).toMatchObject({ outcome: 'Complete', isAdopted: false });
  // It is not what this run is compared with either.
  expect(third).toMatchObject({ parent: { files: 2, bytes: 5000 } });

  const other = { ...repository, password: 'of another master key' };
  await expect(
    engine.backup({ repository: other, root, labels }, fixture.run()),
  ).rejects.toMatchObject({ code: 'repository-password' });
});

test('makes no snapshot of a volume that holds nothing but what no copy holds', async () => {
  const volume = await fixture.volume();
  await mkdir(join(volume, 'lost+found'), { mode: 0o700 });
  const server = createServer().listen(join(volume, 'socket'));
  await chmod(volume, 0o2775);
  const repository = await fixture.repository();
  const root = await fixture.root(volume);
  const request = { repository, root, labels: volumeLabels() };
  const copy = await fixture.engine().backup(request, fixture.run());
  server.close();
  expect(copy).toMatchObject({ outcome: 'Empty', root: { mode: 0o2775, uid: 0, gid: 0 } });
  expect(restic(repository, 'snapshots', '--json').trim()).toBe('[]');
});

test('names what could not be read, and keeps a snapshot of the rest', async () => {
  const volume = await fixture.volume();
  await mkdir(join(volume, 'folder'));
  await writeFile(join(volume, 'folder', 'private'), 'x', { mode: 0o600 });
  await writeFile(join(volume, 'public'), 'y', { mode: 0o644 });
  const repository = await fixture.repository();
  const root = await fixture.root(volume);
  const engine = fixture.engine({
    binary: await nobodyRestic(fixture, repository),
    cacheDir: join(fixture.folder, 'nobody-cache'),
  });
  const copy = await engine.backup({ repository, root, labels: volumeLabels() }, fixture.run());
  expect(copy).toMatchObject({
    outcome: 'Incomplete',
    errorCount: 1,
    errors: [{ path: 'folder/private', reason: 'permission denied' }],
    snapshot: { files: 1, bytes: 1 },
  });
});

test('is cancelled in order, without a lock or a process left behind, and shows no secret', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'large'), '');
  await truncate(join(volume, 'large'), 64 * 1024 ** 3);
  const repository = await fixture.repository();
  const root = await fixture.root(volume);
  const cancel = new AbortController();
  let seen = '';
  const run = fixture.run({
    limits: { uploadBytesPerSecond: 5_000_000 },
    signal: cancel.signal,
    onProgress: ({ bytesDone, bytesTotal }) => {
      if (bytesDone > 0 && bytesTotal > 0 && seen === '') {
        seen = 'looking';
        void copyProcesses(run.key).then(async ([pid = 0]) => {
          seen = await seenOf(pid);
          cancel.abort(new Error('the run is cancelled'));
        });
      }
    },
  });
  const request = { repository, root, labels: volumeLabels() };
  await expect(fixture.engine().backup(request, run)).rejects.toThrow('the run is cancelled');
  expect(seen).toContain('--one-file-system');
  expect(seen).toContain('--limit-upload=4882');
  expect(seen).not.toContain(repository.password);
  expect(await copyProcesses(run.key)).toEqual([]);
  expect(restic(repository, 'list', 'locks', '--no-lock', '-q')).toBe('');
});

test('leaves no restic behind when its worker is killed', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'large'), '');
  await truncate(join(volume, 'large'), 64 * 1024 ** 3);
  const repository = await fixture.repository();
  const { key } = fixture.run();
  const args = [folderOf(repository), volume, key, fixture.config().cacheDir];
  const worker = spawn(process.execPath, [WORKER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => worker.stdout.once('data', resolve));
  expect(await copyProcesses(key)).toHaveLength(1);
  worker.kill('SIGKILL');
  // Its lock stays: what restic would say at its end goes into a broken pipe, and ends it at once.
  await expect.poll(() => copyProcesses(key), { timeout: 30_000 }).toEqual([]);
});

test('ends what an earlier attempt left running, and goes on where restic was killed', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'large'), '');
  await truncate(join(volume, 'large'), 64 * 1024 ** 3);
  await symlink('large', join(volume, 'link'));
  const repository = await fixture.repository();
  const root = await fixture.root(volume);
  const request = { repository, root, labels: volumeLabels() };
  const engine = fixture.engine();
  let killed = 0;
  const run = fixture.run({
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 0 && killed === 0) {
        void copyProcesses(run.key).then(([pid = 0]) => {
          killed = pid;
          process.kill(pid, 'SIGKILL');
        });
      }
    },
  });
  await expect(engine.backup(request, run)).rejects.toMatchObject({ code: 'engine-killed' });
  expect(killed).toBeGreaterThan(1);

  let isCopying = false;
  const onProgress = ({ bytesDone }: { bytesDone: number }): void => {
    isCopying ||= bytesDone > 0;
  };
  const second = engine.backup(request, fixture.run({ key: run.key, onProgress }));
  second.catch(() => undefined);
  await expect.poll(() => isCopying, { timeout: 30_000 }).toBe(true);
  await rm(join(volume, 'large'));
  const third = engine.backup(request, fixture.run({ key: run.key }));
  await expect(second).rejects.toMatchObject({ code: 'engine-failed' });
  expect(await third).toMatchObject({ outcome: 'Complete', snapshot: { files: 0 } });
});
