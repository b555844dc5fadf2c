import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../activities/kubernetes/client.ts';
import { secretReader } from '../../activities/own-secrets.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { kubectl } from '../support/kubectl.ts';

const cluster = openCluster();
let namespace: string;

beforeAll(async () => {
  namespace = await freshNamespace('secrets');
});

afterAll(async () => {
  await cluster.close();
  await dropNamespaces(namespace);
});

test('a Secret is read as it is at that moment', async () => {
  const read = secretReader(cluster, namespace);
  expect(await read('vault')).toBeUndefined();
  const values = ['--from-literal=a=1', '--from-literal=b='];
  await kubectl('-n', namespace, 'create', 'secret', 'generic', 'vault', ...values);
  expect(await read('vault')).toEqual({ a: Buffer.from('1'), b: Buffer.alloc(0) });
  await kubectl('-n', namespace, 'delete', 'secret', 'vault');
  await kubectl('-n', namespace, 'create', 'secret', 'generic', 'vault');
  expect(await read('vault')).toEqual({});
});
