import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { inspectMount, isStillMounted } from '../../../activities/engine/mount.ts';
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

test('tells a mount point from a directory, whatever its name', async () => {
  const path = join(await fixture.volume(), 'a b\nc');
  await mkdir(path);
  const plain = await fixture.root(path);
  expect(await inspectMount(plain)).toMatchObject({ isMountPoint: false });
  mountAt(path, 'size=1m,ro');
  const mounted = await fixture.root(path);
  expect(await inspectMount(mounted)).toMatchObject({
    isMountPoint: true,
    fileSystem: 'tmpfs',
    source: 'holdfast-test',
    isReadOnly: true,
  });
  // What was opened before lies below it now.
  expect(await inspectMount(plain)).toMatchObject({ isMountPoint: false });
  await mkdir(join(await fixture.volume(), 'within'));
});

test('takes a directory within a mount for no mount point', async () => {
  const path = await fixture.volume();
  mountAt(path);
  await mkdir(join(path, 'within'));
  const within = await fixture.root(join(path, 'within'));
  expect(await inspectMount(within)).toMatchObject({
    isMountPoint: false,
    source: 'holdfast-test',
  });
});

test('notices that a volume was unmounted, or another one mounted in its place', async () => {
  const path = await fixture.volume();
  mountAt(path);
  const root = await fixture.root(path);
  const before = await inspectMount(root);
  if (before === undefined) {
    throw new Error('it is mounted');
  }
  expect(await isStillMounted(root, before)).toBe(true);
  execFileSync('umount', ['--lazy', path]);
  expect(await inspectMount(root)).toBeUndefined();
  expect(await isStillMounted(root, before)).toBe(false);
  mountAt(path);
  expect(await isStillMounted(root, before)).toBe(false);
});
