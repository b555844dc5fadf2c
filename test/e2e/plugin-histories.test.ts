import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource, RunResource } from '../../domain/api-resource.ts';
import type { OperationsCall } from '../../domain/plugins/contract.ts';
import { deleteWorkflowId, pluginsWorkflowId } from '../../domain/workflow-id.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { historyRuns } from '../support/history-events.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: no number of items and operations makes a history too long: what asks and tells plugins continues as new, forgets
// nothing and does nothing twice. Method: a Temporal that suggests it after few events, and a plugin with more operations than
// are waited for at the same time.

const EVENTS = 100;
/** More than 50 batches of 20. */
const [ACTIONS, ITEMS] = [20, 51];
const OPERATIONS = ACTIONS * ITEMS;
const ACTION = { selector: { includedResources: ['configmaps'] } };
let installation: Installation;
let namespace: string;
let plugin: TestPlugin;
let worker: PluginWorker;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start({ temporal: { eventsSuggested: EVENTS } }),
    freshNamespace('histories'),
  ]);
  const items = Array.from({ length: ITEMS }, (_, index) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
    metadata: { namespace, name: `item-${String(index)}`, labels: { plugin: 'yes' } },
  }));
  await applyYaml(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const names = Array.from({ length: ACTIONS }, (_, index) => `action-${String(index)}`);
  plugin = new TestPlugin({
    contract: 'v1',
    backupActions: names.map((name) => ({ ...ACTION, name })),
  });
  plugin.answer = ({ requestId }) => ({ operation: { id: requestId } });
  worker = await startPlugin(installation, 'busy', plugin.activities);
  const spec = { cluster: installation.name };
  await installation.request('POST', '/plugins', { metadata: { name: 'busy' }, spec });
});

afterAll(async () => {
  await worker.stop();
  await installation.stop();
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
});

async function begin(name: string): Promise<void> {
  await installation.createBackup(name, [namespace], {
    ...{ includedResources: ['configmaps'], labelSelector: { matchLabels: { plugin: 'yes' } } },
  });
}

/** The id of a child of a run. */
function childOf(
  { temporal }: RunResource['status'],
  part: 'items' | 'operations' | 'cancel',
): string {
  return pluginsWorkflowId(temporal?.workflowId ?? '', part, temporal?.runId);
}

/** Of each run of a workflow, how many events its history has. */
function runsOf(workflowId: string): Promise<readonly number[]> {
  return historyRuns(installation, workflowId);
}

/** Ids of what some calls name; each stands there once if it is named once. */
function named(calls: readonly OperationsCall[]): string[] {
  return calls.flatMap(({ operations }) => operations.map(({ requestId }) => requestId));
}

test('plugins are asked, and waited for, in several runs of short histories', async () => {
  await begin('long');
  const { status } = await installation.ended('backups', 'long');
  expect(status).toMatchObject({
    phase: 'Completed',
    operations: { total: OPERATIONS, completed: OPERATIONS, failed: 0 },
  });
  expect(plugin.calls).toHaveLength(ACTIONS);
  expect((await runsOf(childOf(status, 'items'))).length).toBeGreaterThan(1);
  expect((await runsOf(childOf(status, 'operations'))).length).toBeGreaterThan(1);
});

test('plugins are told of a deletion in several runs', async () => {
  await installation.request('DELETE', '/backups/long');
  const isThere = async () => (await installation.request('GET', '/backups/long')).status;
  await expect.poll(isThere).toBe(404);
  const told = named(plugin.deleted);
  expect(told).toHaveLength(OPERATIONS);
  expect(new Set(told).size).toBe(OPERATIONS);
  const id = deleteWorkflowId('Backup', { location: 'default', name: 'long' });
  expect((await runsOf(id)).length).toBeGreaterThan(1);
});

test('a cancel tells plugins in several runs, and of each operation once', async () => {
  plugin.status = () => ({ phase: 'Running' });
  await begin('cut');
  const look = () => installation.request<BackupResource>('GET', '/backups/cut');
  await expect
    .poll(async () => (await look()).body.status.phase)
    .toBe('WaitingForPluginOperations');
  await installation.request('POST', '/backups/cut:cancel');
  const { status } = await installation.ended('backups', 'cut');
  expect(status).toMatchObject({ phase: 'Cancelled', warnings: 0 });
  const told = named(plugin.cancelled);
  expect(told).toHaveLength(OPERATIONS);
  expect(new Set(told).size).toBe(OPERATIONS);
  expect((await runsOf(childOf(status, 'cancel'))).length).toBeGreaterThan(1);
});
