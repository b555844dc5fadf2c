import { afterAll, beforeAll, expect, test } from 'vitest';

import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: a restore whose pods could not be started is told so before it has made anything. Method: a real backup of a
// claim, and an image that no registry has, as on a site without a way to one.

const IMAGE = 'holdfast.test/not-there:1';
let installation: Installation;
let namespace: string;

beforeAll(async () => {
  installation = await Installation.start({ hasAgent: true, mountImage: IMAGE });
  namespace = await freshNamespace('image');
  const fill = 'echo text > data/file';
  await applyVolumePod({ namespace, name: 'web', node: AGENT_NODE, claims: ['data'], fill });
  await installation.createBackup('b', [namespace]);
  expect((await installation.ended('backups', 'b')).status).toMatchObject({ phase: 'Completed' });
  await deleteNamespace(namespace);
});

afterAll(async () => {
  await dropNamespaces(namespace, installation.ownNamespace);
  await installation.stop();
});

test('a restore into volumes fails in its plan where the image cannot be pulled', async () => {
  await installation.createRestore('whole', { backupName: 'b' });
  await expect
    .poll(async () => (await installation.look('restores', 'whole'))?.status.waitingFor?.reason)
    .toMatch(
      /^the pod hf-.*holdfast-image-.* does not run yet \((ErrImagePull|ImagePullBackOff)\)$/,
    );
  const { status } = await installation.ended('restores', 'whole');
  expect(status).toMatchObject({
    phase: 'Failed',
    failure: { code: 'mount-failed', subject: 'HOLDFAST_IMAGE' },
  });
  expect(status.failure?.message).toMatch(
    new RegExp(`^the image ${IMAGE} cannot be pulled on .*name it in HOLDFAST_IMAGE$`),
  );
  expect(await kubectl('get', 'namespace', namespace, '--ignore-not-found')).toBe('');
  expect(await kubectl('-n', installation.ownNamespace, 'get', 'pods', '-o', 'name')).toBe('');
});

test('what needs no image is restored nevertheless', async () => {
  await installation.createRestore('part', {
    backupName: 'b',
    includedResources: ['configmaps'],
  });
  const { status } = await installation.ended('restores', 'part');
  expect(status).toMatchObject({ phase: 'Completed' });
});

test('a restore into volumes is refused its start without the key that they were copied with', async () => {
  await kubectl('-n', installation.ownNamespace, 'delete', 'secret', 'holdfast-master-key');
  await installation.createRestore('keyless', { backupName: 'b' });
  const { status } = await installation.ended('restores', 'keyless');
  expect(status).toMatchObject({ phase: 'Failed', failure: { code: 'master-key-missing' } });
  expect(await kubectl('-n', namespace, 'get', 'persistentvolumeclaims')).toBe('');
});
