import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import { PLUGIN_DEFAULTS } from '../../domain/plugins/plugin.ts';
import { WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { PLUGIN_REGISTRY_WORKFLOW, type PluginRegistryInput } from '../../workflows/contract.ts';
import type { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';

/** What histories of plugins are recorded with. */
export interface Recorder {
  readonly installation: Installation;
  readonly client: Client;
  readonly record: (file: string, workflowId: string) => Promise<void>;
}

/** Each request to the registry of plugins. */
export async function recordRegistry(
  name: string,
  { installation, client, record }: Recorder,
): Promise<void> {
  const describePlugin = () => Promise.resolve({ contract: 'v1', backupActions: [{ name }] });
  const plugin = await startPlugin(installation, name, { describePlugin });
  const cluster = installation.name;
  const requests: readonly PluginRegistryInput[] = [
    { verb: 'register', cluster, name, spec: PLUGIN_DEFAULTS },
    { verb: 'get', cluster, name },
    { verb: 'list', cluster },
    { verb: 'remove', cluster, name },
  ];
  for (const input of requests) {
    const workflowId = `plugin-${input.verb}`;
    await client.workflow.execute(PLUGIN_REGISTRY_WORKFLOW, {
      ...{ workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
    });
    await record(workflowId, workflowId);
  }
  await plugin.stop();
}

const includedResources = ['configmaps'];

/** What one plugin is asked by backups, by restores of one of them, and by the deletion of that. */
export async function recordPlugins(name: string, recorder: Recorder): Promise<void> {
  const { installation } = recorder;
  const plugin = new TestPlugin({
    contract: 'v1',
    backupActions: [{ name: 'upload', selector: { includedResources } }],
    restoreActions: [{ name: 'download', selector: { includedResources } }],
  });
  plugin.answer = () => ({ operation: { id: 'upload' } });
  const worker = await startPlugin(installation, name, plugin.activities);
  await installation.request('POST', '/plugins', {
    metadata: { name },
    spec: { cluster: installation.name, unavailableTimeout: '2s' },
  });
  await recordBackups(plugin, recorder);
  await recordRestores(plugin, recorder);
  await recordAddition(plugin, recorder);
  await recordEnds({ plugin, stop: () => worker.stop() }, recorder);
}

/** A backup whose plugin has an operation that ends, and one whose operation is cancelled. */
async function recordBackups(plugin: TestPlugin, recorder: Recorder): Promise<void> {
  const { installation, record } = recorder;
  await createBackup(installation, 'plugged');
  await installation.ended('backups', 'plugged');
  plugin.status = () => ({ phase: 'Running' });
  await createBackup(installation, 'unplugged');
  await polledTwice(plugin);
  await installation.request('POST', '/backups/unplugged:cancel');
  await installation.ended('backups', 'unplugged');
  await record('backup-plugins', 'backup/default/plugged');
  await recordChildren(recorder, 'backup-plugins-items', 'backup/default/plugged/plugin-items');
  await recordChildren(
    recorder,
    'backup-plugins-operations',
    'backup/default/plugged/plugin-operations',
  );
  await record('backup-plugins-cancelled', 'backup/default/unplugged');
  await recordChildren(recorder, 'backup-plugins-cancel', 'backup/default/unplugged/plugin-cancel');
}

/** The same of restores. */
async function recordRestores(plugin: TestPlugin, recorder: Recorder): Promise<void> {
  const { installation, record } = recorder;
  const spec = (name: string) => ({
    backupName: 'plugged',
    namespaceMapping: { default: `history-recording-${name}` },
  });
  plugin.status = () => ({ phase: 'Completed' });
  await installation.createRestore('plugged', spec('plugged'));
  await installation.ended('restores', 'plugged');
  plugin.status = () => ({ phase: 'Running' });
  await installation.createRestore('unplugged', spec('unplugged'));
  await polledTwice(plugin);
  await installation.request('POST', '/restores/unplugged:cancel');
  await installation.ended('restores', 'unplugged');
  await record('restore-plugins', 'restore/default/plugged');
  await recordChildren(recorder, 'restore-plugins-items', 'restore/default/plugged/plugin-items');
  await record('restore-plugins-cancelled', 'restore/default/unplugged');
}

/** A restore to which a plugin adds something. */
async function recordAddition(plugin: TestPlugin, recorder: Recorder): Promise<void> {
  const { installation, record } = recorder;
  const from = 'history-recording-added';
  await kubectl('create', 'namespace', from);
  await kubectl('-n', from, 'create', 'configmap', 'added');
  await kubectl('-n', from, 'create', 'configmap', 'picked');
  await kubectl('-n', from, 'label', 'configmap', 'picked', 'picked=yes');
  const before = plugin.answer;
  const added = { group: '', resource: 'configmaps', namespace: from, name: 'added' };
  plugin.answer = ({ item }) => (item.name === 'picked' ? { additionalItems: [added] } : undefined);
  await installation.createBackup('adding', [from]);
  await installation.ended('backups', 'adding');
  await installation.createRestore('added', {
    ...{ backupName: 'adding', labelSelector: { matchLabels: { picked: 'yes' } } },
    namespaceMapping: { [from]: `${from}-copy` },
  });
  await installation.ended('restores', 'added');
  await record('restore-plugins-added', 'restore/default/added');
  await recordChildren(
    recorder,
    'restore-plugins-added-items',
    'restore/default/added/plugin-items',
  );
  plugin.answer = before;
  await Promise.all([from, `${from}-copy`].map(deleteNamespace));
}

/** The deletion of a backup that a plugin has something of, and the end of one whose plugin is away. */
async function recordEnds(
  { plugin, stop }: { readonly plugin: TestPlugin; readonly stop: () => Promise<void> },
  recorder: Recorder,
): Promise<void> {
  const { installation, client, record } = recorder;
  await installation.request('DELETE', '/backups/plugged');
  await client.workflow.getHandle('delete/default/plugged').result();
  await record('delete-plugins', 'delete/default/plugged');
  await createBackup(installation, 'orphaned');
  await polledTwice(plugin);
  // Nobody can be told of the cancel.
  await stop();
  await installation.request('POST', '/backups/orphaned:cancel');
  await installation.ended('backups', 'orphaned');
  await recordChildren(
    recorder,
    'backup-plugins-orphaned',
    'backup/default/orphaned/plugin-cancel',
  );
}

/** Records the children of a run whose ids begin so. */
async function recordChildren(
  { client, record }: Recorder,
  file: string,
  prefix: string,
): Promise<void> {
  const query = `WorkflowId STARTS_WITH '${prefix}'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    await record(file, workflowId);
  }
}

function createBackup(installation: Installation, name: string): Promise<unknown> {
  const spec = {
    cluster: installation.name,
    includedNamespaces: ['default'],
    includedResources,
  };
  return installation.request('POST', '/backups', { metadata: { name }, spec });
}

/** Waits until an operation was asked about twice. */
async function polledTwice(plugin: TestPlugin): Promise<void> {
  const before = plugin.polls;
  while (plugin.polls < before + 2) {
    await sleep(100);
  }
}
