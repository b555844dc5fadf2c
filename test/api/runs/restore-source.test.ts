import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { RequestFailure } from '../../../api/errors.ts';
import { completeRestoreSpec } from '../../../api/runs/restore-source.ts';
import { Failure } from '../../../domain/failure.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import { NO_RESTORE_COUNTS, type RestoreSpec } from '../../../domain/restore.ts';
import type { StoredRestore } from '../../../domain/stored-run.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { SOURCE_CLUSTER } from '../../support/stored-backup.ts';

// Goal: a restore that is tried again is what it was but for what the request says, and one that cannot be tried again
// is refused before any worker is asked.

const TRIED: RestoreSpec = {
  ...{ cluster: 'east', backupName: 'nightly-1', scheduleName: 'nightly' },
  ...{ allowPartiallyFailed: true, planDigest: 'sha256:of-the-first', resourceTimeout: '1m0s' },
  ...{ includedNamespaces: ['shop'], excludedNamespaces: [], namespaceMapping: { shop: 'copy' } },
};
let folder: string;
let store: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-source-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  const startTimestamp = '2026-01-01T00:00:00Z';
  const claim: StoredRestore = {
    ...{ version: 1, kind: 'Restore', name: 'tried', installation: 'test', runUid: 'tried' },
    ...{ specDigest: 'digest', startTimestamp, cluster: SOURCE_CLUSTER, spec: TRIED },
  };
  await store.put(restoreKeys('running').claim, bytesOf({ ...claim, name: 'running' }));
  const result = {
    ...{ phase: 'PartiallyFailed' as const, startTimestamp, completionTimestamp: startTimestamp },
    ...{ items: 1, counts: NO_RESTORE_COUNTS, warnings: 0, errors: 0 },
  };
  await store.put(restoreKeys('tried').claim, bytesOf({ ...claim, result }));
});

afterAll(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

function complete(spec: Partial<RestoreSpec>): Promise<RestoreSpec> {
  const request = { metadata: { name: 'r' }, spec };
  return completeRestoreSpec({ store, ownCluster: 'local' }, { location: 'default' }, request);
}

test('a restore that is tried again is what it was, but for what the request says', async () => {
  const { scheduleName, allowPartiallyFailed, planDigest, ...kept } = TRIED;
  expect([scheduleName, allowPartiallyFailed, planDigest]).not.toContain(undefined);
  const again = { ...kept, retryOf: 'tried' };
  expect(await complete({ retryOf: 'tried' })).toEqual(again);
  const namespaceMapping = { shop: 'copy' };
  expect(await complete({ retryOf: 'tried', namespaceMapping, cluster: 'east' })).toEqual(again);
  const change = { existingResourcePolicy: 'update', resourceTimeout: '2m0s' } as const;
  expect(await complete({ retryOf: 'tried', ...change })).toEqual({ ...again, ...change });
});

test.each<[spec: Partial<RestoreSpec>, code: string]>([
  [{ retryOf: 'typo' }, 'restore-not-found'],
  [{ retryOf: 'running' }, 'still-running'],
])('%j is refused with %s', async (spec, code) => {
  const error = await complete(spec).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ code, subject: 'spec.retryOf' });
});

test.each<[spec: Partial<RestoreSpec>, faults: readonly RegExp[]]>([
  [{}, [/^\/spec\/backupName .*\/spec\/backupName, \/spec\/scheduleName, \/spec\/retryOf/]],
  [
    { retryOf: 'tried', cluster: 'west', namespaceMapping: {} },
    [/^\/spec\/cluster is another one/, /^\/spec\/namespaceMapping is another one/],
  ],
])('%j is refused with each field', async (spec, faults) => {
  const error = await complete(spec).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RequestFailure);
  expect(error).toMatchObject({
    errors: faults.map((fault) => ({ detail: expect.stringMatching(fault) as unknown })),
  });
});
