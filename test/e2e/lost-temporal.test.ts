import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, ScheduleResource } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { expiryId } from '../../domain/workflow-id.ts';
import { readClaim } from '../../storage/claim.ts';
import { readOwner } from '../../storage/location-owner.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { DocumentationReader, type PageWalk } from '../support/docs/page-walk.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';

// Goal: a worker that outlives the data of its Temporal is one of the new Holdfast, and not of the one that is gone.
// Method: Temporal loses its data and comes back under its address while API and worker go on; what its page says to do is
// done.

/** The cluster that the page means. */
const LOCAL = { cluster: 'local' };
const OWN = { HOLDFAST_CLUSTER: LOCAL.cluster };

let installation: Installation;
let namespace: string;
let store: ObjectStore;
let reader: DocumentationReader;
let page: PageWalk;

beforeAll(async () => {
  [installation, namespace, reader] = await Promise.all([
    Installation.start({ environment: { worker: OWN, api: OWN }, expiryInterval: '5s' }),
    freshNamespace('lost'),
    DocumentationReader.start(),
  ]);
  store = installation.store();
  page = reader.page('docs/lost-temporal.md', { env: { HOLDFAST_SERVER: installation.apiUrl } });
});

afterAll(async () => {
  store.close();
  await installation.stop();
  await deleteNamespace(namespace);
  await reader.stop();
});

async function phaseOf(schedule: string): Promise<string> {
  const { body } = await installation.request<ScheduleResource>('GET', `/schedules/${schedule}`);
  return body.status.phase;
}

async function claimantOf(name: string): Promise<string | undefined> {
  return (await readClaim(store, backupKeys(name).claim))?.stored.installation;
}

test('a worker that was there before Temporal lost its data claims for the Holdfast of now', async () => {
  await installation.request('POST', '/schedules', {
    metadata: { name: 'nightly' },
    spec: { schedule: '0 3 * * *', template: { ...LOCAL, includedNamespaces: [namespace] } },
  });
  await installation.createBackup('before', [namespace], LOCAL);
  expect((await installation.ended('backups', 'before')).status.phase).toBe('Completed');
  const before = await claimantOf('before');

  await installation.kill('temporal');
  await installation.loseTemporal();
  await installation.startPart('temporal');
  // The location is of the Holdfast that is gone, for the worker as for the API.
  const refusal = async () => {
    const { body } = await installation.createBackup('refused', [namespace], LOCAL);
    return (body as Problem).code;
  };
  await expect.poll(refusal).toBe('location-owned');
  expect(await phaseOf('nightly')).toBe('Missing');
  await page.rest();
  expect(await phaseOf('nightly')).toBe('Enabled');

  await installation.createBackup('after', [namespace], LOCAL);
  expect((await installation.ended('backups', 'after')).status.phase).toBe('Completed');
  const after = await claimantOf('after');
  expect(after).toBe((await readOwner(store))?.installation);
  expect(after).not.toBe(before);
});

test('what deletes backups that have had their time is there again', async () => {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const { schedule } = new Client({ connection });
  const isThere = (): Promise<boolean> =>
    schedule
      .getHandle(expiryId(LOCAL.cluster))
      .describe()
      .then(() => true)
      .catch(() => false);
  await expect.poll(isThere).toBe(true);
  await connection.close();
});
