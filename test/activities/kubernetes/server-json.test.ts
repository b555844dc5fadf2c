import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { serverJson } from '../../../activities/kubernetes/server-json.ts';
import type { ResourceType } from '../../../domain/item.ts';
import { dropNamespaces } from '../../support/dropped-namespaces.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';

// Goal: what the API server keeps as bytes is written as it writes it itself. Method: a ControllerRevision of the test
// bed, whose data may not change, with every character that Go escapes.

const REVISION: ResourceType = {
  ...{ group: 'apps', version: 'v1', resource: 'controllerrevisions' },
  ...{ kind: 'ControllerRevision', isNamespaced: true },
};
const COMMAND = 'test 1 -lt 2 && echo "<ok>" > /tmp/\u2028\u2029ü';

let namespace: string;
let cluster: Cluster;

beforeAll(async () => {
  namespace = await freshNamespace('json');
  cluster = openCluster();
});

afterAll(async () => {
  await cluster.close();
  await dropNamespaces(namespace);
});

test('a revision whose template has a command of a shell can be given owners after it was made', async () => {
  const object = {
    ...{ apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1 },
    metadata: { name: 'web', namespace },
    data: { spec: { template: { command: COMMAND } } },
  };
  expect(await cluster.create(REVISION, object)).toEqual({ kind: 'created' });
  const item = { ...REVISION, namespace, name: 'web' };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none' };
  const merge = { metadata: { ownerReferences: [owner], annotations: { note: COMMAND } } };
  const changed = await cluster.patch(REVISION, item, { merge });
  expect(changed).toMatchObject({ data: object.data, ...merge });
});

test('the escapes stand for the same value', () => {
  const value = { [COMMAND]: [COMMAND, 1, null, true] };
  const json = serverJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(json).not.toMatch(/[<>&\u2028\u2029]/);
  expect(json).toContain('ü');
});
