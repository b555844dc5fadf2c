import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: modifiers are those of the moment in which the restore was planned. Method: the activities on the real API
// server, of which only the ConfigMap with the modifiers is made up.

const NAMESPACE = `modified-${String(process.pid)}`;
const client = openCluster();
let steps: RestoreSteps;

beforeEach(async () => {
  await kubectl('create', 'namespace', NAMESPACE);
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
});

afterAll(async () => {
  await client.close();
});

/** The cluster while the ConfigMap of the modifiers sets a color. */
function painting(color: string): Cluster {
  const rules = `version: v1
resourceModifierRules:
- conditions: {groupResource: configmaps, namespaces: [${NAMESPACE}]}
  patches: [{operation: replace, path: /data/color, value: ${color}}]`;
  return wrapped(client, {
    read: (type, item, signal) =>
      item.name === 'modifiers'
        ? Promise.resolve({ metadata: { name: item.name }, data: { rules } })
        : client.read(type, item, signal),
  });
}

test('a ConfigMap that is edited after the plan changes nothing, and the next plan follows it', async () => {
  const type = typeOf('ConfigMap', 'configmaps');
  const items = ['a', 'b'].map((name) => ({
    type,
    object: {
      metadata: { name, namespace: NAMESPACE },
      ...(name === 'a' ? { data: { color: 'blue' } } : {}),
    },
  }));
  steps = await RestoreSteps.of(items, {
    resourceModifier: { kind: 'configmap', name: 'modifiers' },
    existingResourcePolicy: 'update',
  });
  const plan = await steps.plan(painting('red'));
  const result = await steps.finish(client, await steps.apply(painting('green'), plan));
  expect(result).toMatchObject({ phase: 'PartiallyFailed', counts: { created: 1, failed: 1 } });
  const get = ['-n', NAMESPACE, 'get', 'configmap'];
  expect(await kubectl(...get, 'a', '-o', 'jsonpath={.data.color}')).toBe('red');
  const later = await steps.preview(painting('green'));
  expect(later.items.find(({ name }) => name === 'a')).toMatchObject({
    action: 'update',
    diff: [{ path: '/data/color', op: 'replace', from: 'red', to: 'green' }],
  });
  expect(later.items.find(({ name }) => name === 'b')).toMatchObject({
    action: 'blocked',
    reason:
      'rule 1 of the resource modifiers cannot be applied to it: replace of /data/color: there is nothing on the way to it',
  });
});
