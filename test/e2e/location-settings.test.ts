import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { type Answer, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { LockedBucket } from '../support/locked-bucket.ts';

// Goal: a backup and a restore work in a location that has all that a bucket may ask for, and the bucket keeps the backup.
// Method: a bucket with object lock, whose account is in a Secret; a location that is made while Holdfast runs.

let installation: Installation;
let bucket: LockedBucket;
let namespace: string;

beforeAll(async () => {
  [installation, namespace, bucket] = await Promise.all([
    Installation.start(),
    freshNamespace('settings'),
    LockedBucket.make(),
  ]);
  await kubectl('create', 'namespace', installation.ownNamespace);
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map(
    (name) => `--from-literal=${name}=${process.env[name] ?? ''}`,
  );
  const secret = ['create', 'secret', 'generic', 'vault', ...keys];
  await kubectl('-n', installation.ownNamespace, ...secret);
});

afterAll(async () => {
  await installation.stop();
  await kubectl('delete', 'namespace', installation.ownNamespace);
  await bucket.remove();
  await dropNamespaces(namespace, `${namespace}-copy`);
});

function post<Body>(path: string, name: string, spec: object): Promise<Answer<Body>> {
  return installation.request('POST', path, { metadata: { name }, spec });
}

async function ended(path: string): Promise<void> {
  await expect
    .poll(async () => (await installation.request<RunResource>('GET', path)).body.status.phase)
    .toBe('Completed');
}

test('a backup is made, restored from, and kept by its bucket', async () => {
  const { status } = await post('/storage-locations', 'vault', {
    ...{ provider: 's3', bucket: bucket.name, endpoint: process.env['S3_ENDPOINT'] },
    ...{ credentials: { secretName: 'vault' }, serverSideEncryption: 'AES256' },
    ...{ storageClass: 'STANDARD_IA', objectLock: { mode: 'GOVERNANCE', period: '1h' } },
  });
  expect(status).toBe(201);
  const { name: cluster } = installation;
  await post('/backups?location=vault', 'kept', { cluster, includedNamespaces: [namespace] });
  await ended('/backups/kept?location=vault');
  const restore = {
    ...{ cluster, backupName: 'kept' },
    namespaceMapping: { [namespace]: `${namespace}-copy` },
  };
  await post('/restores?location=vault', 'back', restore);
  await ended('/restores/back?location=vault');

  const refused = await installation.request<Problem>('DELETE', '/backups/kept?location=vault');
  expect(refused).toMatchObject({ status: 409, body: { code: 'object-locked' } });
  const { Versions = [] } = await bucket.versions();
  const archive = Versions.find(({ Key }) => Key === backupKeys('kept').archive);
  expect(archive).toMatchObject({ StorageClass: 'STANDARD_IA' });
});
