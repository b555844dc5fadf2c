import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import type { ReconciliationResource } from '../../domain/reconciliation.ts';
import { readClaim } from '../../storage/claim.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: uploads and pods that runs have left are found and go when that is asked for, and nothing goes that another one made
// or that may be in use. Method: they are left in a real bucket and a real cluster beside a backup that has ended.

const { archive: ARCHIVE, claim: CLAIM } = backupKeys('done');
/** Of Velero, maybe: nobody has claimed its folder. */
const FOREIGN = backupKeys('foreign').archive;
const FRESH_CHECK = 'metadata/holdfast/check/0123456789abcdef/whole';
let installation: Installation;
let namespace: string;
let store: ObjectStore;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('left')]);
  store = installation.store();
});

afterAll(async () => {
  store.close();
  await installation.stop();
  await deleteNamespace(namespace);
});

/** Begins an upload as a process that died would have. */
async function leaveUpload(key: string): Promise<void> {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the installation has a bucket');
  }
  const { bucket: Bucket, prefix, endpoint = '', region } = location;
  const client = new S3Client({ endpoint, region, forcePathStyle: true });
  const at = { Bucket, Key: `${prefix}/${key}` };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
  await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'a part' }));
  client.destroy();
}

/** A pod as a run makes one to mount a volume. */
function leavePod(name: string, owner: { runUid: string; by: string }): Promise<unknown> {
  return applyYaml(
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name, namespace },
        labels: {
          'app.kubernetes.io/name': 'holdfast',
          'app.kubernetes.io/component': 'mount',
          'holdfast.dev/run-uid': owner.runUid,
        },
        annotations: {
          'holdfast.dev/workflow-id': 'backup/default/done',
          'holdfast.dev/installation': owner.by,
        },
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        // No node has it: where the pod is does not matter.
        nodeSelector: { 'holdfast.dev/nowhere': 'true' },
        containers: [{ name: 'mount', image: 'none' }],
      },
    }),
  );
}

async function uploads(): Promise<string[]> {
  return (await store.listUploads('')).map(({ key }) => key).sort();
}

async function pods(): Promise<string[]> {
  const names = await kubectl('get', 'pods', '-n', namespace, '-o', 'name');
  return names.split('\n').filter(Boolean);
}

async function reconcile(removal: 'None' | 'All') {
  const spec = { cluster: installation.name, removal };
  await installation.request('POST', '/reconciliations', { spec });
  const path = `/reconciliations/default?cluster=${installation.name}`;
  const look = () => installation.request<ReconciliationResource>('GET', path);
  await expect.poll(async () => (await look()).body.status.phase).toBe('Completed');
  return (await look()).body.status.orphans;
}

test('uploads and pods of runs that are over are found, and go when that is asked for', async () => {
  await installation.createBackup('done', [namespace]);
  const { uid: runUid } = (await installation.ended('backups', 'done')).metadata;
  const ours = (await readClaim(store, CLAIM))?.stored.installation ?? '';
  const { folder } = backupKeys('done');
  await leaveUpload(ARCHIVE);
  await leaveUpload(`${folder}work/${runUid}/shard`);
  await leaveUpload(FOREIGN);
  await store.put(FRESH_CHECK, Buffer.from('of a check that goes on'));
  await leavePod('ours', { runUid, by: ours });
  await leavePod('theirs', { runUid, by: 'another' });
  const [everyUpload, everyPod] = [await uploads(), await pods()];
  const found = [
    { kind: 'LeftUploads', place: folder, objects: 2, run: { name: 'done', runUid } },
    { kind: 'LeftPod', place: `${namespace}/ours`, run: { name: 'done', runUid } },
  ];
  // The run closes a moment after its record is there.
  await expect.poll(() => reconcile('None')).toMatchObject(found);
  expect(await uploads()).toEqual(everyUpload);
  expect(await pods()).toEqual(everyPod);

  expect(await reconcile('All')).toMatchObject(
    found.map((orphan) => ({ ...orphan, outcome: 'Removed' })),
  );
  expect(await uploads()).toEqual([FOREIGN]);
  expect(await pods()).toEqual(['pod/theirs']);
  expect(await reconcile('None')).toEqual([]);
  expect(await store.head(FRESH_CHECK)).toBeDefined();
});
