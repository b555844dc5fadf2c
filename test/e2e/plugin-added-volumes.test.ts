import { afterAll, beforeAll, expect, test } from 'vitest';

import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: a backup copies the data of what plugins add to it, though its request selects nothing with a volume. Method: a backup
// of one ConfigMap by its label, to which a plugin adds a pod, and the claim of another one; and a restore of it all.

let installation: Installation;
let namespace: string;
let worker: PluginWorker;
const plugin = new TestPlugin({
  contract: 'v1',
  backupActions: [
    { name: 'add', selector: { includedResources: ['configmaps', 'persistentvolumeclaims'] } },
  ],
});

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ hasAgent: true }),
    freshNamespace('adds'),
  ]);
  worker = await startPlugin(installation, 'mover', plugin.activities);
  const pods = [
    { name: 'web', claims: ['data'], fill: 'echo of the pod > data/file' },
    { name: 'other', claims: ['loose'], fill: 'echo of the claim > loose/file' },
  ];
  await Promise.all(pods.map((pod) => applyVolumePod({ ...pod, namespace, node: AGENT_NODE })));
  await kubectl('-n', namespace, 'create', 'configmap', 'picked');
  await kubectl('-n', namespace, 'label', 'configmap', 'picked', 'picked=yes');
  const item = { group: '', namespace };
  plugin.answer = ({ item: { name } }) =>
    name === 'picked'
      ? {
          additionalItems: [
            { ...item, resource: 'pods', name: 'web' },
            { ...item, resource: 'persistentvolumeclaims', name: 'loose' },
          ],
        }
      : undefined;
  const spec = { cluster: installation.name };
  await installation.request('POST', '/plugins', { metadata: { name: 'mover' }, spec });
});

afterAll(async () => {
  await worker.stop();
  await installation.stop();
  const all = [namespace, installation.ownNamespace, `${namespace}-copy`];
  await Promise.all(all.map(deleteNamespace));
});

test('the data of a pod and of a claim that a plugin adds is in the backup, and comes back', async () => {
  await installation.createBackup('all', [namespace], {
    labelSelector: { matchLabels: { picked: 'yes' } },
  });
  const { status } = await installation.ended('backups', 'all');
  expect(status).toMatchObject({ phase: 'Completed', volumes: { done: 2, failed: 0 } });
  // The claim of the pod was shown to the plugin as well.
  const asked = plugin.calls.flatMap(({ items }) => items.map((one) => one.item.name));
  expect(asked.sort()).toEqual(['data', 'loose', 'picked']);
  await installation.createRestore('copy', {
    ...{ backupName: 'all', namespaceMapping: { [namespace]: `${namespace}-copy` } },
  });
  const restored = await installation.ended('restores', 'copy');
  expect(restored.status).toMatchObject({
    ...{ phase: 'Completed', volumes: { done: 2, failed: 0 } },
  });
  const exec = ['-n', `${namespace}-copy`, 'exec', 'web', '--', 'cat', '/volumes/data/file'];
  await kubectl('-n', `${namespace}-copy`, 'wait', '--for=condition=Ready', 'pod/web');
  expect(await kubectl(...exec)).toBe('of the pod\n');
});
