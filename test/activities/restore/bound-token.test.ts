import { expect, test } from 'vitest';

import { boundToken } from '../../../activities/restore/bound-token.ts';
import type { ResourceType } from '../../../domain/item.ts';
import { memoryCluster } from '../../support/memory-cluster.ts';

const SECRETS: ResourceType = {
  ...{ group: '', version: 'v1', resource: 'secrets', kind: 'Secret', isNamespaced: true },
};
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

function secret(type: string) {
  const metadata = { namespace: 'shop', name: 'token', annotations: { [NAME]: 'robot' } };
  return { type, metadata };
}

test('a token secret gets the uid of the account that is there now, and other secrets do not', async () => {
  const account = { metadata: { namespace: 'shop', name: 'robot', uid: 'now' } };
  const cluster = memoryCluster([], [{ type: 'serviceaccounts', object: account }]);
  const token = secret('kubernetes.io/service-account-token');
  const bound = await boundToken(cluster, SECRETS, token);
  expect(bound.metadata.annotations).toEqual({ [NAME]: 'robot', [UID]: 'now' });
  const opaque = secret('Opaque');
  expect(await boundToken(cluster, SECRETS, opaque)).toBe(opaque);
  expect(await boundToken(memoryCluster([], []), SECRETS, token)).toBe(token);
});
