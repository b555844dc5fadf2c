import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import { PLUGIN_FAILURE } from '../../domain/plugins/contract-v1.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { terminateBackup } from '../support/terminate-backup.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: a plugin that is not there, dies, answers with garbage or never ends keeps no backup from its end, and the backup
// says what happened. Method: one plugin for each case, which sees what has its label, and a backup of just that; all of
// them at the same time in one real installation.

const CASES = [
  'ghost',
  'dying',
  'endless',
  'slow',
  'cancelled',
  'huge',
  'large',
  'garbage',
  'throwing',
  'leaking',
  'lenient',
  'terminated',
  'deleted',
];
let installation: Installation;
let namespace: string;
const plugins = new Map<string, TestPlugin>();
const workers = new Map<string, PluginWorker>();

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('faults')]);
  const objects = CASES.map((name) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
    metadata: { name, namespace, labels: { case: name } },
  }));
  await applyYaml(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  await Promise.all(CASES.map(registered));
}, 60_000);

afterAll(async () => {
  await Promise.all([...workers.values()].map((worker) => worker.stop()));
  await installation.stop();
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
});

async function registered(name: string): Promise<void> {
  const action = {
    name: 'upload',
    selector: { includedResources: ['configmaps'], labelSelector: { matchLabels: { case: name } } },
    onError: name === 'lenient' ? 'Continue' : 'Fail',
  };
  const plugin = new TestPlugin({ contract: 'v1', backupActions: [action] });
  plugin.answer = () => ({ operation: { id: name } });
  plugins.set(name, plugin);
  workers.set(name, await startPlugin(installation, name, plugin.activities));
  const spec = { cluster: installation.name, unavailableTimeout: '3s' };
  const answer = await installation.request('POST', '/plugins', { metadata: { name }, spec });
  expect(answer.status).toBe(201);
}

function plugin(name: string): TestPlugin {
  const found = plugins.get(name);
  if (found === undefined) {
    throw new Error(`no plugin ${name}`);
  }
  return found;
}

async function stopped(name: string): Promise<void> {
  await workers.get(name)?.stop();
  workers.delete(name);
}

async function begin(name: string, spec: object = {}): Promise<void> {
  await installation.request('POST', '/backups', {
    metadata: { name },
    spec: {
      ...{ cluster: installation.name, includedNamespaces: [namespace] },
      labelSelector: { matchLabels: { case: name } },
      ...spec,
    },
  });
}

async function ended(name: string): Promise<BackupResource['status']> {
  // It is a backup.
  return (await installation.ended('backups', name)).status;
}

async function waitsForOperations(name: string): Promise<BackupResource['status']> {
  let status: BackupResource['status'] | undefined;
  await expect
    .poll(
      async () => {
        const answer = await installation.request<BackupResource>('GET', `/backups/${name}`);
        ({ status } = answer.body);
        return [status.phase, status.operations?.running?.length];
      },
      { timeout: 60_000 },
    )
    .toEqual(['WaitingForPluginOperations', 1]);
  if (status === undefined) {
    throw new Error('the poll has passed without a status');
  }
  return status;
}

const running = (done: number) =>
  ({ phase: 'Running', progress: { done, total: 9, unit: 'bytes' } }) as const;

function errorsOf(status: BackupResource['status']) {
  return (status.problems?.errors ?? []).map(({ code, message }) => `${code}: ${message}`);
}

test('a plugin that is not there fails its items, and nothing else', async () => {
  await stopped('ghost');
  await begin('ghost');
  await expect
    .poll(async () => (await installation.look('backups', 'ghost'))?.status.waitingFor?.reason)
    .toBe('the step backupItems waits for a worker to take it');
  const status = await ended('ghost');
  expect(status.phase).toBe('PartiallyFailed');
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(/^plugin-not-served: .*ghost.*holdfast\.plugin\..*\.ghost/),
  ]);
});

test('a plugin that dies for good during an operation fails the operation', async () => {
  plugin('dying').status = () => running(1);
  await begin('dying');
  await waitsForOperations('dying');
  await stopped('dying');
  const status = await ended('dying');
  expect(status.phase).toBe('PartiallyFailed');
  expect(status.operations).toMatchObject({ completed: 0, failed: 1 });
  expect(errorsOf(status)).toEqual([expect.stringContaining('plugin-not-served')]);
});

test('an operation that does not end in time is cancelled, and said to have failed for that', async () => {
  const endless = plugin('endless');
  endless.status = () => running(4);
  endless.onCancel = () => {
    throw ApplicationFailure.nonRetryable('it cannot be stopped', PLUGIN_FAILURE);
  };
  await begin('endless', { itemOperationTimeout: '6s' });
  const status = await ended('endless');
  expect(status.phase).toBe('PartiallyFailed');
  expect(errorsOf(status)).toEqual([expect.stringContaining('operation-timed-out')]);
  expect(endless.cancelled).toHaveLength(1);
  // What it keeps is removed though it goes on, and that it does is told.
  expect(endless.deleted).toHaveLength(1);
  expect(status.problems?.warnings.map(({ message }) => message)).toEqual([
    'up to 1 operations may go on: the plugin endless failed: it cannot be stopped',
  ]);
});

test('an operation that ends in time has ended, though its plugin is asked again only later', async () => {
  const slow = plugin('slow');
  slow.askAgain = '1m';
  slow.status = () => (slow.polls > 1 ? { phase: 'Completed' } : running(4));
  await begin('slow', { itemOperationTimeout: '3s' });
  const status = await ended('slow');
  expect(errorsOf(status)).toEqual([]);
  expect(status.phase).toBe('Completed');
  expect(slow.cancelled).toEqual([]);
});

test('progress moves while an operation runs, and a cancel of the backup cancels it', async () => {
  const cancelled = plugin('cancelled');
  cancelled.status = () => running(cancelled.polls);
  await begin('cancelled');
  const first = await waitsForOperations('cancelled');
  const restore = await installation.createRestore('early', { backupName: 'cancelled' });
  expect(restore.status).toBe(409);
  expect(restore.body.detail).toContain('operations of plugins');
  await expect
    .poll(async () => (await waitsForOperations('cancelled')).operations?.running?.[0]?.done, {
      timeout: 30_000,
    })
    .toBeGreaterThan(first.operations?.running?.[0]?.done ?? 99);
  expect(first.waitingFor?.reason).toContain('1 of 1 operations of plugins');
  await installation.request('POST', '/backups/cancelled:cancel');
  expect((await ended('cancelled')).phase).toBe('Cancelled');
  const [call] = cancelled.cancelled;
  expect(call?.operations).toEqual([
    expect.objectContaining({
      id: 'cancelled',
      requestId: cancelled.calls[0]?.items[0]?.requestId,
    }),
  ]);
  expect(cancelled.deleted).toHaveLength(1);
});

test('an answer that is too large is refused as such', async () => {
  plugin('huge').whole = () => ({ items: [], padding: 'x'.repeat(10 * 1024 * 1024) });
  await begin('huge');
  const status = await ended('huge');
  expect(status.phase).toBe('PartiallyFailed');
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(
      /^plugin-failed: plugin huge, action upload, failed for configmaps.*huge failed with PayloadsTooLarge; see the log/,
    ),
  ]);
  plugin('large').whole = () => ({ items: [], padding: 'x'.repeat(1024 * 1024) });
  await begin('large');
  expect(errorsOf(await ended('large'))).toEqual([
    expect.stringMatching(
      /^plugin-answer-invalid: plugin large, action upload, failed for .* 512 KiB are allowed/,
    ),
  ]);
});

test('an answer of the wrong type is refused with plugin, item and field', async () => {
  plugin('garbage').whole = ({ items }) => ({
    items: [{ requestId: items[0]?.requestId, skip: 7 }],
  });
  await begin('garbage');
  expect(errorsOf(await ended('garbage'))).toEqual([
    expect.stringMatching(
      /plugin-answer-invalid: .*plugin garbage.*configmaps\/.*\/garbage.*\/items\/0\/skip must be string/,
    ),
  ]);
});

test('a plugin that throws fails its items with what it says', async () => {
  plugin('throwing').whole = () => {
    throw ApplicationFailure.nonRetryable('the vault is sealed', PLUGIN_FAILURE);
  };
  await begin('throwing');
  expect(errorsOf(await ended('throwing'))).toEqual([
    expect.stringMatching(/plugin-failed: .*throwing.*the vault is sealed/),
  ]);
});

test('what a library throws in a plugin is not told, but that it did', async () => {
  plugin('leaking').whole = () => {
    throw ApplicationFailure.nonRetryable('response body: s3cr3t', 'ApiException');
  };
  await begin('leaking');
  const status = await ended('leaking');
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(/plugin-failed: .*leaking failed with ApiException; see the log/),
  ]);
  expect(JSON.stringify(status)).not.toContain('s3cr3t');
});

test('with onError Continue the item is taken as it is, and the failure is a warning', async () => {
  plugin('lenient').answer = () => ({ error: 'not today' });
  await begin('lenient');
  const status = await ended('lenient');
  expect(status.phase).toBe('Completed');
  expect(status.problems?.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('not today'),
  ]);
  const path = `/backups/lenient/items/configmaps/lenient?namespace=${namespace}`;
  expect((await installation.request('GET', path)).status).toBe(200);
});

/** Has a backup cut off while its only operation runs, and gives the id of the request. */
async function cutOff(name: string): Promise<string | undefined> {
  plugin(name).status = () => running(1);
  await begin(name);
  await waitsForOperations(name);
  await terminateBackup(installation, name);
  return plugin(name).calls[0]?.items[0]?.requestId;
}

test('a backup that takes the name of one that was terminated first ends what that had begun', async () => {
  const terminated = plugin('terminated');
  const requestId = await cutOff('terminated');
  expect(terminated.cancelled).toEqual([]);
  terminated.status = () => ({ phase: 'Completed' });
  terminated.onCancel = () => {
    throw ApplicationFailure.nonRetryable('it cannot be stopped', PLUGIN_FAILURE);
  };
  await begin('terminated');
  const status = await ended('terminated');
  expect(status).toMatchObject({ phase: 'Completed', warnings: 1 });
  expect(status.problems?.warnings[0]?.message).toContain('1 operations may go on');
  const told = [...terminated.cancelled, ...terminated.deleted];
  expect(told.map(({ operations }) => operations.map((one) => one.requestId))).toEqual([
    [requestId],
    [requestId],
  ]);
});

test('the deletion of a backup that was terminated ends what that had begun', async () => {
  const deleted = plugin('deleted');
  const requestId = await cutOff('deleted');
  await expect
    .poll(async () => (await installation.request('DELETE', '/backups/deleted')).status)
    .toBe(202);
  await expect
    .poll(async () => (await installation.request('GET', '/backups/deleted')).status)
    .toBe(404);
  expect(deleted.cancelled.map(({ operations }) => operations[0]?.requestId)).toEqual([requestId]);
  expect(deleted.deleted.map(({ operations }) => operations[0]?.requestId)).toContain(requestId);
});
