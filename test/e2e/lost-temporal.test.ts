import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readClaim } from '../../storage/claim.ts';
import { readOwner } from '../../storage/location-owner.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';

// Goal: a worker that outlives the data of its Temporal is one of the new Holdfast, and not of the one that is gone.
// Method: Temporal loses its data and comes back under its address while API and worker go on.

let installation: Installation;
let namespace: string;
let store: ObjectStore;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('lost')]);
  store = installation.store();
});

afterAll(async () => {
  store.close();
  await installation.stop();
  await deleteNamespace(namespace);
});

async function claimantOf(name: string): Promise<string | undefined> {
  return (await readClaim(store, backupKeys(name).claim))?.stored.installation;
}

test('a worker that was there before Temporal lost its data claims for the Holdfast of now', async () => {
  await installation.createBackup('before', [namespace]);
  expect((await installation.ended('backups', 'before')).status.phase).toBe('Completed');
  const before = await claimantOf('before');

  await installation.kill('temporal');
  await installation.loseTemporal();
  await installation.startPart('temporal');
  // The location is of the Holdfast that is gone, for the worker as for the API.
  const refusal = async () => {
    const { body } = await installation.createBackup('refused', [namespace]);
    return (body as Problem).code;
  };
  await expect.poll(refusal).toBe('location-owned');
  const adopted = await installation.request('POST', '/storage-locations/default:adopt');
  expect(adopted.status).toBe(200);

  await installation.createBackup('after', [namespace]);
  expect((await installation.ended('backups', 'after')).status.phase).toBe('Completed');
  const after = await claimantOf('after');
  expect(after).toBe((await readOwner(store))?.installation);
  expect(after).not.toBe(before);
});
