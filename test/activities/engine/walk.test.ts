import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { walkVolume } from '../../../activities/engine/walk.ts';
import { makeOddTree } from '../../support/odd-tree.ts';
import { VolumeFixture } from '../../support/volume-fixture.ts';

// Goal: the walk sees what is there, and what changed since a moment, by the times that no program can set.

const fixture = VolumeFixture.forFile();
const { signal } = new AbortController();
const LATER = new Date(Date.now() + 3_600_000);
const EARLIER = new Date(0);

test('counts every name of every file, and each kind of entry', async () => {
  const volume = await fixture.volume();
  makeOddTree(volume);
  await mkdir(join(volume, 'lost+found'), { mode: 0o700 });
  const server = createServer().listen(join(volume, 'socket'));
  const counts = await walkVolume(await fixture.root(volume), { signal, since: LATER });
  server.close();
  const find = (...test: string[]): string =>
    execFileSync('find', [volume, '-mindepth', '1', ...test, '-printf', '%s\\n'])
      .toString()
      .trim();
  const sizes = find('-type', 'f').split('\n').map(Number);
  expect(counts).toEqual({
    files: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    stableFiles: sizes.length,
    stableBytes: sizes.reduce((sum, size) => sum + size, 0),
    directories: find('-type', 'd', '!', '-name', 'lost+found').split('\n').length,
    symlinks: 2,
    sockets: 1,
    others: 2,
    mounts: 0,
    changed: 0,
    vanished: 0,
    unreadable: 0,
  });
  const all = await walkVolume(await fixture.root(volume), { signal, since: EARLIER });
  expect([all.stableFiles, all.stableBytes]).toEqual([0, 0]);
});

test('notices new, written, touched and removed files since a moment, and no others', async () => {
  const volume = await fixture.volume();
  for (const name of ['still', 'grown', 'backdated', 'removed/one']) {
    await mkdir(join(volume, name, '..'), { recursive: true });
    await writeFile(join(volume, name), 'x');
  }
  const root = await fixture.root(volume);
  // The margin for slow clocks is a second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const since = new Date();
  expect((await walkVolume(root, { signal, since })).changed).toBe(0);
  await appendFile(join(volume, 'grown'), 'y');
  await writeFile(join(volume, 'backdated'), 'z');
  await utimes(join(volume, 'backdated'), 1, 1);
  await rm(join(volume, 'removed', 'one'));
  // Two files, and the directory that lost one.
  expect(await walkVolume(root, { signal, since })).toMatchObject({
    files: 3,
    changed: 3,
    stableFiles: 1,
    stableBytes: 1,
  });
});

test('stays in the file system of its root, and takes lost+found for data when it holds some', async () => {
  const volume = await fixture.volume();
  await mkdir(join(volume, 'other'));
  await mkdir(join(volume, 'lost+found'), { mode: 0o700 });
  await writeFile(join(volume, 'lost+found', '#123'), 'found');
  const root = await fixture.root(volume);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(volume, 'other')]);
  try {
    await writeFile(join(volume, 'other', 'file'), 'not ours');
    const counts = await walkVolume(root, { signal, since: LATER });
    expect(counts).toMatchObject({ files: 1, bytes: 5, directories: 2, mounts: 1 });
  } finally {
    execFileSync('umount', [join(volume, 'other')]);
  }
});

test('ends when it is told to', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'file'), 'x');
  const root = await fixture.root(volume);
  const aborted = AbortSignal.abort(new Error('the copy failed'));
  await expect(walkVolume(root, { signal: aborted, since: LATER })).rejects.toThrow(
    'the copy failed',
  );
});
