import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { makeProvenCopy } from '../../../../activities/engine/proven-copy.ts';
import type {
  EngineProgress,
  EngineWait,
  RepositoryAccess,
} from '../../../../activities/engine/port.ts';
import type { StoredCopy } from '../../../../domain/volumes/volume-copy.ts';
import { copyProcesses } from '../../../support/copy-processes.ts';
import { folderOf, VolumeFixture, volumeLabels } from '../../../support/volume-fixture.ts';

// Goal: each trouble ends with the failure that says what to do. Real restic, real file systems.

const fixture = VolumeFixture.forFile();
const mounts: string[] = [];

afterAll(() => {
  for (const path of mounts) {
    execFileSync('umount', ['--lazy', path]);
  }
});

/** A volume with some files of random bytes. */
async function volumeOf(bytes: number): Promise<string> {
  const volume = await fixture.volume();
  await mkdir(join(volume, 'folder'));
  for (const name of ['one', 'two', 'folder/three']) {
    await writeFile(join(volume, name), randomBytes(bytes));
  }
  return volume;
}

/** A small file system of its own. */
async function smallVolume(size: string): Promise<string> {
  const path = await fixture.volume();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  mounts.push(path);
  return path;
}

async function copyOf(repository: RepositoryAccess, volume: string): Promise<StoredCopy> {
  const root = await fixture.root(volume);
  const request = { repository, root, labels: volumeLabels() };
  const copy = await fixture.engine().backup(request, fixture.run());
  if (copy.outcome === 'Empty') {
    throw new Error('the volume is not empty');
  }
  return copy;
}

/** Leaves the lock of a process that was killed while it had a repository for itself. */
async function leaveLock(repository: RepositoryAccess): Promise<void> {
  const env = {
    RESTIC_REPOSITORY: folderOf(repository),
    RESTIC_PASSWORD: repository.password,
  };
  const args = ['check', '--no-cache', '--read-data', '--limit-download', '1'];
  const child = spawn(process.env['HOLDFAST_RESTIC'] ?? '', args, { env, stdio: 'ignore' });
  // A file that restic still writes has another name, and is no lock when restic is killed before it is renamed.
  const locks = async (): Promise<string[]> => {
    const names = await readdir(join(folderOf(repository), 'locks'));
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
  };
  await expect.poll(locks, { timeout: 30_000 }).toHaveLength(1);
  child.kill('SIGKILL');
}

/** Changes one byte in the middle of the largest file of a repository. */
async function damage(repository: RepositoryAccess): Promise<void> {
  const folder = join(folderOf(repository), 'data');
  const names = await readdir(folder, { recursive: true });
  const sized = await Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      stats: await stat(join(folder, name)),
    })),
  );
  const [largest] = sized
    .filter(({ stats }) => stats.isFile())
    .sort((left, right) => right.stats.size - left.stats.size);
  const path = largest?.path ?? '';
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  const at = Math.floor((largest?.stats.size ?? 0) / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  await file.close();
}

test('finds one changed bit when it reads back, checks, or restores', async () => {
  const repository = await fixture.repository();
  const copy = await copyOf(repository, await volumeOf(300_000));
  const { snapshot, root: attributes } = copy;
  const engine = fixture.engine();
  const request = { repository, snapshot };
  expect(await engine.readBack(request, fixture.run())).toBe('All');
  await damage(repository);
  await expect(engine.readBack(request, fixture.run())).rejects.toMatchObject({
    code: 'repository-damaged',
    subject: repository.path,
  });
  const check = { repository, readData: { part: 1, of: 1 } };
  const found = await engine.check(check, fixture.run());
  expect(found).toEqual({ errorCount: 1, damagedPacks: [expect.stringMatching(/^[0-9a-f]{64}$/)] });

  const target = await fixture.volume();
  const root = await fixture.root(target);
  const restore = { repository, root, snapshotId: snapshot.snapshotId, attributes };
  const restored = await engine.restore(restore, fixture.run());
  expect(restored).toMatchObject({ outcome: 'Incomplete', isDamaged: true });
  expect(restored.errors.length).toBeGreaterThan(0);
  // What can be had is there.
  expect((await readdir(target)).length).toBeGreaterThan(1);
});

test('passes on to the log what restic says in words, without names of files or a secret', async () => {
  const lines: string[] = [];
  const run = fixture.run({
    onLog: (line) => {
      lines.push(line);
    },
  });
  const repository = { ...(await fixture.repository()), password: 'another password' };
  const engine = fixture.engine();
  await expect(engine.locks(repository, run)).rejects.toMatchObject({
    code: 'repository-password',
  });
  expect(lines).toEqual(['Fatal: wrong password or no key found']);
});

test('says nothing in the log of a repository that the first copy makes', async () => {
  const lines: string[] = [];
  const run = fixture.run({
    onLog: (line) => {
      lines.push(line);
    },
  });
  const root = await fixture.root(await volumeOf(1000));
  const repository = fixture.access();
  const labels = volumeLabels();
  const copy = await fixture.engine().backup({ repository, root, labels }, run);
  expect(copy.outcome).toBe('Complete');
  expect(lines.filter((line) => line.includes('Fatal'))).toEqual([]);
});

test('calls a part that is read back a sample, and what is not there missing', async () => {
  const repository = await fixture.repository();
  const { snapshot } = await copyOf(repository, await volumeOf(300_000));
  const engine = fixture.engine({ readBackBytesMax: 200_000 });
  expect(await engine.readBack({ repository, snapshot }, fixture.run())).toBe('Sample');
  const missing = { ...snapshot, snapshotId: 'a'.repeat(64) };
  await expect(
    engine.readBack({ repository, snapshot: missing }, fixture.run()),
  ).rejects.toMatchObject({ code: 'snapshot-missing' });
});

test('does not take files for read back that only look unchanged', async () => {
  const repository = await fixture.repository();
  const { snapshot } = await copyOf(repository, await volumeOf(1000));
  const unchanged = { ...snapshot, filesChanged: 0, blobsAdded: 1 };
  const engine = fixture.engine();
  const request = { repository, snapshot: unchanged };
  // Nobody has read the parent back.
  const parent = { ...snapshot, snapshotId: 'c'.repeat(64) };
  expect(await engine.readBack({ ...request, parent }, fixture.run())).toBe('All');
  const known = { ...request, parent: snapshot };
  expect(await engine.readBack(known, fixture.run())).toBe('Unchanged');
  const changed = { ...known, snapshot: { ...snapshot, filesChanged: 1 } };
  expect(await engine.readBack(changed, fixture.run())).toBe('All');
});

test('ends when the file system of the repository is full', async () => {
  const repository = await fixture.repository();
  const path = await smallVolume('4m');
  execFileSync('cp', ['-r', `${folderOf(repository)}/.`, path]);
  const location = { name: 'small', provider: 'folder', path } as const;
  await expect(
    copyOf({ ...repository, location, path: '' }, await volumeOf(2_000_000)),
  ).rejects.toMatchObject({ code: 'quota-exceeded' });
});

test('ends when the volume that is restored is full', async () => {
  const repository = await fixture.repository();
  const { snapshot, root: attributes } = await copyOf(repository, await volumeOf(1_000_000));
  const root = await fixture.root(await smallVolume('2m'));
  const restore = { repository, root, snapshotId: snapshot.snapshotId, attributes };
  await expect(fixture.engine().restore(restore, fixture.run())).rejects.toMatchObject({
    code: 'volume-full',
  });
});

test('a full repository is not told as a full volume when its data is restored', async () => {
  const repository = await fixture.repository();
  const { snapshot, root: attributes } = await copyOf(repository, await volumeOf(1000));
  const path = await smallVolume('4m');
  execFileSync('cp', ['-r', `${folderOf(repository)}/.`, path]);
  // Not even a lock has room.
  execFileSync('sh', ['-c', 'cat /dev/zero > "$1/rest" 2>/dev/null || true', 'sh', path]);
  const location = { name: 'small', provider: 'folder', path } as const;
  const full = { ...repository, location, path: '' };
  const root = await fixture.root(await fixture.volume());
  const restore = { repository: full, root, snapshotId: snapshot.snapshotId, attributes };
  await expect(fixture.engine().restore(restore, fixture.run())).rejects.toMatchObject({
    code: 'quota-exceeded',
  });
});

test('does not restore when something else is at the path of the volume', async () => {
  const repository = await fixture.repository();
  const { snapshot, root: attributes } = await copyOf(repository, await volumeOf(10));
  const path = await smallVolume('2m');
  const root = await fixture.root(path);
  execFileSync('umount', ['--lazy', path]);
  mounts.pop();
  const restore = { repository, root, snapshotId: snapshot.snapshotId, attributes };
  await expect(fixture.engine().restore(restore, fixture.run())).rejects.toMatchObject({
    code: 'volume-unreadable',
  });
  expect(await readdir(path)).toEqual([]);
});

test('waits for a lock as long as it may, and can have every lock removed', async () => {
  const repository = await fixture.repository();
  await copyOf(repository, await volumeOf(100_000));
  await leaveLock(repository);
  const root = await fixture.root(await volumeOf(10));
  const request = { repository, root, labels: volumeLabels() };
  const waits: EngineWait[] = [];
  const run = fixture.run({
    onProgress: ({ waitingFor }) => {
      waits.push(...(waitingFor === undefined ? [] : [waitingFor]));
    },
  });
  const engine = fixture.engine({ lockWaitMs: 500 });
  await expect(engine.backup(request, run)).rejects.toMatchObject({ code: 'repository-locked' });
  expect(waits.map(({ what }) => what)).toContain('Lock');
  // All of them tell of the same wait.
  expect(new Set(waits.map(({ since }) => since)).size).toBe(1);
  expect(await engine.locks(repository, fixture.run())).toHaveLength(1);
  await engine.unlock(repository, fixture.run());
  expect(await engine.locks(repository, fixture.run())).toEqual([]);
  expect(await engine.backup(request, fixture.run())).toMatchObject({ outcome: 'Complete' });
});

test('ends a restic that moves nothing, and says since when', async () => {
  const binary = join(fixture.folder, 'stalled-restic');
  const status = '{"message_type":"status","bytes_done":5,"total_bytes":9,"total_files":1}';
  const version = '{"version":"0.19.1"}';
  const script = `#!/bin/sh\necho '${version}'; echo '${status}'; case "$*" in *snap*) sleep 60; esac\n`;
  await writeFile(binary, script, { mode: 0o755 });
  const engine = fixture.engine({ binary, stallNoticeMs: 500, stallLimitMs: 2000 });
  const query = { repository: fixture.access(), clusterUid: 'x' };
  const seen: EngineProgress[] = [];
  const run = fixture.run({
    onProgress: (progress) => {
      seen.push(progress);
    },
  });
  await expect(engine.snapshots(query, run)).rejects.toMatchObject({ code: 'timed-out' });
  expect(seen.at(-1)).toMatchObject({ bytesDone: 5, bytesTotal: 9, filesTotal: 1, filesDone: 0 });
  const [{ since, deadline } = { since: '', deadline: '' }] = seen.flatMap(({ waitingFor }) =>
    waitingFor?.what === 'Movement' ? [waitingFor] : [],
  );
  expect(Date.parse(deadline) - Date.parse(since)).toBe(2000);
  expect(await copyProcesses(run.key)).toEqual([]);
});

test('lets ten copies write into one repository at once', async () => {
  const repository = await fixture.repository();
  const engine = fixture.engine();
  const copies = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const root = await fixture.root(await volumeOf(100_000));
      const request = { repository, root, labels: volumeLabels(), isReadBack: true };
      return makeProvenCopy(engine, request, fixture.run());
    }),
  );
  for (const { copy, proof } of copies) {
    expect([copy.outcome, proof.level]).toEqual(['Complete', 'ReadBack']);
  }
  const run = fixture.run();
  const stored = await engine.snapshots({ repository, clusterUid: 'cluster-uid' }, run);
  expect(stored).toHaveLength(10);
  expect(await engine.locks(repository, run)).toEqual([]);
  await rm(folderOf(repository), { recursive: true });
});

test.each([
  ['echo \'{"version":"0.17.3"}\'', 'engine-not-usable'],
  ['exit 1', 'engine-not-usable'],
])('refuses a restic that is not one: %s', async (script, code) => {
  const binary = join(fixture.folder, 'old-restic');
  await writeFile(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await expect(fixture.engine({ binary }).probe()).rejects.toMatchObject({ code });
  const missing = fixture.engine({ binary: '/no/such/restic' });
  await expect(missing.probe()).rejects.toMatchObject({ code: 'engine-not-usable' });
  expect(await fixture.engine().probe()).toMatchObject({ kind: 'restic' });
});
