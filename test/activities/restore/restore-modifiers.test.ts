import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster } from '../../../activities/kubernetes/port.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { deleteNamespace, kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: modifiers are those of the moment in which the restore was asked for. Method: the activities on the real API
// server, of which only the ConfigMap with the modifiers is made up.

const NAMESPACE = `modified-${String(process.pid)}`;
const client = openCluster();
let steps: RestoreSteps;

beforeEach(async () => {
  await kubectl('create', 'namespace', NAMESPACE);
});

afterEach(async () => {
  await steps.remove();
  await deleteNamespace(NAMESPACE);
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

const MODIFIED = {
  resourceModifier: { kind: 'configmap', name: 'modifiers' },
  existingResourcePolicy: 'update',
} as const;

function painted(name: string, color?: string): ArchiveItem {
  const metadata = { name, namespace: NAMESPACE };
  const object = { metadata, ...(color === undefined ? {} : { data: { color } }) };
  return { type: typeOf('ConfigMap', 'configmaps'), object };
}

function colorOf(name: string): Promise<string> {
  return kubectl('-n', NAMESPACE, 'get', 'configmap', name, '-o', 'jsonpath={.data.color}');
}

test('a restore that is bound to a plan compares and applies the rules that it was opened with', async () => {
  const items = [painted('a', 'blue')];
  steps = await RestoreSteps.of(items, MODIFIED);
  const { digest: planDigest } = await steps.preview(painting('red'));
  await steps.remove();
  steps = await RestoreSteps.of(items, { ...MODIFIED, planDigest });
  expect(await steps.open(painting('red'))).toEqual({ kind: 'accepted' });
  // An attempt of the open step that is late keeps what the first one read.
  expect(await steps.open(painting('yellow'))).toEqual({ kind: 'accepted' });
  await steps.checkPlan(painting('green'));
  const plan = await steps.plan(painting('green'));
  const result = await steps.finish(client, await steps.apply(painting('green'), plan));
  expect(result).toMatchObject({ phase: 'Completed', counts: { created: 1, failed: 0 } });
  expect(await colorOf('a')).toBe('red');
});

test('a ConfigMap that is edited after the plan changes nothing, and the next plan follows it', async () => {
  steps = await RestoreSteps.of([painted('a', 'blue'), painted('b')], MODIFIED);
  const plan = await steps.plan(painting('red'));
  const result = await steps.finish(client, await steps.apply(painting('green'), plan));
  expect(result).toMatchObject({ phase: 'PartiallyFailed', counts: { created: 1, failed: 1 } });
  expect(await colorOf('a')).toBe('red');
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
