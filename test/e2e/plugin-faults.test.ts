import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { PLUGIN_FAILURE } from '../../domain/plugins/contract-v1.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { applyCases, PluginCases } from '../support/plugin-cases.ts';
import { terminateBackup } from '../support/terminate-backup.ts';
import type { TestPlugin } from '../support/test-plugin.ts';

// Goal: a plugin that is not there, dies, answers with garbage or never ends keeps no backup from its end, and the backup
// says what happened. Method: one plugin for each case, which sees what has its label, and a backup of just that; all of
// them at the same time in one real installation.

const CASES = [
  ...(['ghost', 'dying', 'endless', 'slow', 'cancelled', 'mixed', 'huge', 'large'] as const),
  ...(['garbage', 'throwing', 'leaking', 'lenient', 'terminated', 'deleted'] as const),
] as const;
type Case = (typeof CASES)[number];

let installation: Installation;
let namespace: string;
let plugins: PluginCases<Case>;
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  [installation, namespace] = await Promise.all([
    Installation.start({ s3Endpoint: proxy.url }),
    freshNamespace('faults'),
  ]);
  await applyCases(namespace, [...CASES, 'mixed-bad']);
  plugins = await PluginCases.register(installation, CASES, (action, name) => ({
    backupActions: [{ ...action, onError: name === 'lenient' ? 'Continue' : 'Fail' }],
  }));
}, 60_000);

afterAll(async () => {
  await plugins.stopAll();
  await installation.stop();
  proxy.stop();
  await Promise.all([namespace, installation.ownNamespace].map(deleteNamespace));
});

function plugin(name: Case): TestPlugin {
  return plugins.plugin(name);
}

async function begin(name: Case, spec: object = {}): Promise<void> {
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

async function waitsForOperations(
  name: Case,
  phase = 'WaitingForPluginOperations',
): Promise<BackupResource['status']> {
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
    .toEqual([phase, 1]);
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
  await plugins.stop('ghost');
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
  await plugins.stop('dying');
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

test('the phases of a run say that an item has failed, and it ends with that and with what came later', async () => {
  const mixed = plugin('mixed');
  mixed.answer = ({ item: { name } }) =>
    name === 'mixed' ? { operation: { id: name } } : { error: 'disk on fire' };
  mixed.status = () => running(3);
  const release = proxy.hold(backupKeys('mixed').record);
  await begin('mixed');
  await waitsForOperations('mixed', 'WaitingForPluginOperationsPartiallyFailed');
  mixed.status = () => ({ phase: 'Failed', error: 'no space in the vault' });
  await expect
    .poll(async () => (await installation.look('backups', 'mixed'))?.status.phase)
    .toBe('FinalizingPartiallyFailed');
  release();
  const status = await ended('mixed');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', operations: { failed: 1 } });
  expect(errorsOf(status)).toEqual([
    expect.stringContaining('disk on fire'),
    expect.stringContaining('no space in the vault'),
  ]);
});

test('an answer that is too large is refused as such', async () => {
  plugin('huge').whole = () => ({ items: [], padding: 'x'.repeat(10 * 1024 * 1024) });
  await begin('huge');
  const status = await ended('huge');
  expect(status.phase).toBe('PartiallyFailed');
  expect(errorsOf(status)).toEqual([
    expect.stringMatching(
      /^plugin-failed: plugin huge, action move, failed for configmaps.*huge failed with PayloadsTooLarge; see the log/,
    ),
  ]);
  plugin('large').whole = () => ({ items: [], padding: 'x'.repeat(1024 * 1024) });
  await begin('large');
  expect(errorsOf(await ended('large'))).toEqual([
    expect.stringMatching(
      /^plugin-answer-invalid: plugin large, action move, failed for .* 512 KiB are allowed/,
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
async function cutOff(name: Case): Promise<string | undefined> {
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
