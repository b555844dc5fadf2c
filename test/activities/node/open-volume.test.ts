import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { openVolume } from '../../../activities/node/open-volume.ts';
import { VolumeFixture } from '../../support/volume-fixture.ts';

// Goal: a volume whose pod has its node is worked on as soon as the kubelet has mounted it, and never before. Method: a
// folder that stands for the kubelet's, with a file system that is mounted late.

const fixture = VolumeFixture.forFile();
const PATH = join('pods', 'uid', 'volumes', 'kubernetes.io~csi', 'pv-1');
const volume = { index: 0, namespace: 'shop', claim: 'data', source: 'persistentVolumeClaim' };
const { signal } = new AbortController();

function through(mountedWithinMs?: number) {
  const input = { podUid: 'uid', persistentVolume: 'pv-1' };
  return { input: { ...input, ...(mountedWithinMs && { mountedWithinMs }) }, volume };
}

function mountAt(path: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', path]);
  });
}

test('waits for folder, directory and file system of a volume that is mounted late', async () => {
  const kubelet = await fixture.volume();
  const folder = join(kubelet, PATH);
  const opening = openVolume(kubelet, through(60_000), signal);
  let isOpen = false;
  const opened = opening.then((volumeNow) => {
    isOpen = true;
    return volumeNow;
  });
  for (const path of [folder, join(folder, 'mount')]) {
    await mkdir(path, { recursive: true });
    await sleep(150);
    expect(isOpen).toBe(false);
  }
  mountAt(join(folder, 'mount'));
  const { root, mount } = await opened;
  expect(root.path).toBe(join(folder, 'mount'));
  expect(mount).toBeDefined();
  await root.close();
});

test('gives up a volume that is not mounted in time, or that nobody is to wait for', async () => {
  const kubelet = await fixture.volume();
  await mkdir(join(kubelet, PATH, 'mount'), { recursive: true });
  for (const within of [undefined, 200]) {
    await expect(openVolume(kubelet, through(within), signal)).rejects.toMatchObject({
      code: 'volume-not-mounted',
    });
  }
});

test('a cancel ends the wait', async () => {
  const kubelet = await fixture.volume();
  const cancel = new AbortController();
  const opening = openVolume(kubelet, through(60_000), cancel.signal);
  cancel.abort();
  await expect(opening).rejects.toThrow('aborted');
});
