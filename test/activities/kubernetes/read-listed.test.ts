import { afterAll, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { ResourceType } from '../../../domain/item.ts';
import { typeOf } from '../../support/stored-backup.ts';

const NAMESPACES: ResourceType = typeOf('Namespace', 'namespaces', false);
const cluster = openCluster();

afterAll(async () => {
  await cluster.close();
});

test('the text of an object that was read is the object and nothing else, as in a list', async () => {
  const name = 'default';
  const item = { ...NAMESPACES, namespace: '', name };
  const read = await cluster.readListed(NAMESPACES, item);
  expect(read?.object.metadata.name).toBe(name);
  expect(read?.json).toMatch(/^\{.*\}$/);
  expect(JSON.parse(read?.json ?? '')).toEqual(read?.object);
});

test('an object that is not there is not read', async () => {
  const item = { ...NAMESPACES, namespace: '', name: 'no-such-namespace' };
  expect(await cluster.readListed(NAMESPACES, item)).toBeUndefined();
});
