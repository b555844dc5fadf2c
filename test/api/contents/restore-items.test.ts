import { expect, test } from 'vitest';

import { RestoreItems } from '../../../api/contents/restore-items.ts';
import { API_VERSION } from '../../../domain/api-resource.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { Phase } from '../../../domain/phase.ts';
import { bytesOf } from '../../../storage/claim.ts';
import { openFolder } from '../../support/contents-api.ts';
import { claimOfRestore } from '../../support/stored-restore.ts';

// Goal: of a restore that has no items to look at it is told why. Method: a claim without a result in a folder; what
// Temporal would say of its run is said by a function.

test.each([
  { phase: 'InProgress', code: 'still-running' },
  { phase: 'Deleting', code: 'being-deleted' },
  { phase: 'FailedValidation', code: 'object-missing' },
] as const)('a restore that is $phase is answered with $code', async ({ phase, code }) => {
  const { store } = await openFolder();
  const { result, ...claim } = claimOfRestore('r');
  expect(result).toBeDefined();
  await store.put(restoreKeys('r').claim, bytesOf(claim));
  const look = () => Promise.resolve(restoreIn(phase));
  const restoreItems = new RestoreItems({ store: () => store, look });
  const key = { location: 'default', name: 'r' };
  await expect(restoreItems.items(key, { limit: 1 })).rejects.toMatchObject({ code });
});

function restoreIn(phase: Phase) {
  const { spec } = claimOfRestore('r');
  return {
    ...({ apiVersion: API_VERSION, kind: 'Restore' } as const),
    metadata: { name: 'r', uid: 'u', location: 'default', creationTimestamp: '' },
    spec,
    status: { phase, progress: { itemsDone: 0, itemsTotal: 0 }, warnings: 0, errors: 0 },
  };
}
