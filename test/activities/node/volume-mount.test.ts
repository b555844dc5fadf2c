import { execFileSync } from 'node:child_process';

import { expect, onTestFinished, test } from 'vitest';

import { requireMounted, requireStillMounted } from '../../../activities/node/volume-mount.ts';
import { VolumeFixture } from '../../support/volume-fixture.ts';

// Goal: the empty folder that is left when nothing is mounted is never taken for a volume.

const fixture = VolumeFixture.forFile();
const volume = { index: 0, namespace: 'shop', claim: 'data', source: 'persistentVolumeClaim' };

test('refuses the folder of a volume that is not mounted', async () => {
  const path = await fixture.volume();
  const root = await fixture.root(path);
  const folder = { path, isMountPoint: true };
  await expect(requireMounted(root, { folder, volume })).rejects.toMatchObject({
    code: 'volume-not-mounted',
    subject: expect.stringContaining('data') as string,
  });
  const onDisk = { path, isMountPoint: false };
  expect(await requireMounted(root, { folder: onDisk, volume })).toBeUndefined();
  await requireStillMounted(root, { mount: undefined, volume });
});

test('calls void what was done to a volume that was unmounted meanwhile', async () => {
  const path = await fixture.volume();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) {
      execFileSync('umount', ['--lazy', path]);
      isMounted = false;
    }
  };
  onTestFinished(unmount);
  const root = await fixture.root(path);
  const mount = await requireMounted(root, { folder: { path, isMountPoint: true }, volume });
  await requireStillMounted(root, { mount, volume });
  unmount();
  await expect(requireStillMounted(root, { mount, volume })).rejects.toMatchObject({
    code: 'volume-moved',
  });
});
