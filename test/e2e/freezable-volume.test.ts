import { afterAll, beforeAll, expect, test } from 'vitest';

import { FreezableVolume } from '../support/freezable-volume.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: tests of hooks can have a file system that a pod freezes, and tell whether it is frozen without being caught in
// it. Method: freeze by hand, write, thaw.

let namespace: string;
let volume: FreezableVolume | undefined;

beforeAll(async () => {
  namespace = await freshNamespace('freezable');
});

afterAll(async () => {
  await volume?.thaw();
  await deleteNamespace(namespace);
});

test('a write into a frozen file system waits for the thaw and then goes on', async () => {
  volume = await FreezableVolume.make({ namespace });
  const annotations = await kubectl(
    ...['-n', namespace, 'get', 'pod', 'web', '-o', 'jsonpath={.metadata.annotations}'],
  );
  const [freeze, unfreeze] = ['pre', 'post'].map((phase) => {
    // The annotations are a map of texts.
    const texts = JSON.parse(annotations) as Record<string, string>;
    return JSON.parse(texts[`${phase}.hook.backup.velero.io/command`] ?? '') as string[];
  });
  const inPod = (command: string[] = []): Promise<string> =>
    kubectl('-n', namespace, 'exec', 'web', '--', ...command);

  expect(await volume.isFrozen()).toBe(false);
  await inPod(freeze);
  expect(await volume.isFrozen()).toBe(true);
  let isWritten = false;
  const write = volume.shell('echo two >> /volumes/data/file').then(() => {
    isWritten = true;
  });
  // Reading goes on.
  expect(await volume.shell('cat /volumes/data/file')).toBe('one\n');
  expect(await volume.isFrozen()).toBe(true);
  expect(isWritten).toBe(false);
  await inPod(unfreeze);
  await write;
  expect(await volume.isFrozen()).toBe(false);
  expect(await volume.shell('cat /volumes/data/file')).toBe('one\ntwo\n');

  await inPod(freeze);
  expect(await volume.isFrozen()).toBe(true);
  await volume.thaw();
  expect(await volume.isFrozen()).toBe(false);
  await volume.thaw();
});
