import { execFileSync } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { inspectMount, isStillInPlace } from '../../../activities/engine/mount.ts';
import { VolumeFixture } from '../../support/volume-fixture.ts';

const fixture = VolumeFixture.forFile();

/** Mounts a small file system in memory, until the test is over. */
function mountAt(path: string, options = 'size=1m'): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'holdfast-test', path]);
  onTestFinished(() => {
    try {
      execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
    } catch {
      // The test has unmounted it.
    }
  });
}

test('knows what is mounted at a directory, whatever its name', async () => {
  const path = join(await fixture.volume(), 'a b\nc');
  await mkdir(path);
  const plain = await fixture.root(path);
  expect(await inspectMount(plain)).toBeUndefined();
  mountAt(path, 'size=1m,ro');
  const mounted = await fixture.root(path);
  expect(await inspectMount(mounted)).toMatchObject({
    fileSystem: 'tmpfs',
    source: 'holdfast-test',
    isReadOnly: true,
  });
  // What was opened before lies below it now.
  expect(await inspectMount(plain)).toBeUndefined();
  expect(await isStillInPlace(plain, undefined)).toBe(false);
});

test('takes a directory within a mount for one without', async () => {
  const path = await fixture.volume();
  mountAt(path);
  await mkdir(join(path, 'within'));
  const within = await fixture.root(join(path, 'within'));
  expect(await inspectMount(within)).toBeUndefined();
  expect(await isStillInPlace(within, undefined)).toBe(true);
});

test('notices that a volume was unmounted, or another one mounted in its place', async () => {
  const path = await fixture.volume();
  mountAt(path);
  const root = await fixture.root(path);
  const before = await inspectMount(root);
  expect(await isStillInPlace(root, before)).toBe(true);
  execFileSync('umount', ['--lazy', path]);
  expect(await inspectMount(root)).toBeUndefined();
  expect(await isStillInPlace(root, before)).toBe(false);
  mountAt(path);
  expect(await isStillInPlace(root, before)).toBe(false);
});

test('notices that a folder of the node was removed, or another one put in its place', async () => {
  const path = await fixture.volume();
  const root = await fixture.root(path);
  expect(await isStillInPlace(root, undefined)).toBe(true);
  await rename(path, `${path}.gone`);
  expect(await isStillInPlace(root, undefined)).toBe(false);
  await mkdir(path);
  expect(await isStillInPlace(root, undefined)).toBe(false);
});
