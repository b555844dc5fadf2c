import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreResource } from '../../domain/api-resource.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import { PLUGIN_FAILURE } from '../../domain/plugins/contract-v1.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyCases, PluginCases } from '../support/plugin-cases.ts';
import type { TestPlugin } from '../support/test-plugin.ts';

// Goal: a plugin that is not there, dies, answers with garbage or never ends keeps no restore from its end, and the restore
// says what happened. Method: one plugin for each case, which sees what has its label, and a restore of just that, out of
// one backup; all of them in one real installation.

const CASES = [
  ...['ghost', 'dying', 'endless', 'nothing', 'cancelled', 'garbage', 'foreign', 'mixed'],
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
    freshNamespace('r-faults'),
  ]);
  await applyCases(namespace, [...CASES, 'mixed-bad']);
  await installation.createBackup('all', [namespace]);
  [plugins] = await Promise.all([
    PluginCases.register(installation, CASES, (action) => ({ restoreActions: [action] })),
    installation.ended('backups', 'all'),
  ]);
});

afterAll(async () => {
  await plugins.stopAll();
  await installation.stop();
  proxy.stop();
  await Promise.all(
    [namespace, installation.ownNamespace, ...CASES.map(targetOf)].map(deleteNamespace),
  );
});

function plugin(name: Case): TestPlugin {
  return plugins.plugin(name);
}

function targetOf(name: Case): string {
  return `${namespace}-${name}`;
}

async function begin(name: Case, spec: object = {}): Promise<void> {
  const answer = await installation.createRestore(name, {
    backupName: 'all',
    labelSelector: { matchLabels: { case: name } },
    namespaceMapping: { [namespace]: targetOf(name) },
    ...spec,
  });
  expect(answer.status).toBe(202);
}

interface Ended {
  readonly status: RestoreResource['status'];
  /** Errors of the results, and what the failed items say, as one text. */
  readonly errors: string;
  readonly warnings: string;
}

async function ended(name: Case): Promise<Ended> {
  // It is a restore.
  const { status } = (await installation.ended('restores', name)) as RestoreResource;
  const store = installation.store();
  // The file is in Velero's shape.
  const results = (await readJsonGz(store, restoreKeys(name).results)) as {
    readonly errors: unknown;
    readonly warnings: unknown;
  };
  store.close();
  return {
    status,
    errors: JSON.stringify(results.errors),
    warnings: JSON.stringify(results.warnings),
  };
}

/** The phase of a restore once an operation of it is waited for. */
async function waitsForOperations(name: Case): Promise<string> {
  let phase = '';
  await expect
    .poll(async () => {
      const run = await installation.look('restores', name);
      phase = run?.status.phase ?? '';
      return phase;
    })
    .toMatch(/^WaitingForPluginOperations/);
  return phase;
}

function isRestored(name: Case): Promise<string> {
  return kubectl(
    ...['-n', targetOf(name), 'get', 'configmap', name, '--ignore-not-found', '-o', 'name'],
  );
}

test('a plugin that is not there fails its items, and nothing else', async () => {
  await plugins.stop('ghost');
  await begin('ghost');
  const { status, errors } = await ended('ghost');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', counts: { failed: 1 } });
  expect(errors).toMatch(/plugin-not-served: .*ghost/);
  expect(await isRestored('ghost')).toBe('');
});

test('a plugin that dies for good during an operation fails the operation', async () => {
  plugin('dying').status = () => ({ phase: 'Running' });
  await begin('dying');
  expect(await waitsForOperations('dying')).toBe('WaitingForPluginOperations');
  await plugins.stop('dying');
  const { status, errors } = await ended('dying');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', operations: { total: 1, failed: 1 } });
  expect(errors).toMatch(/no worker of the plugin dying/);
});

test('an operation that does not end in time is cancelled, and again when the restore is deleted', async () => {
  const endless = plugin('endless');
  endless.status = () => ({ phase: 'Running' });
  endless.onCancel = () => {
    throw ApplicationFailure.nonRetryable('it cannot be stopped', PLUGIN_FAILURE);
  };
  await begin('endless', { itemOperationTimeout: '3s' });
  const { status, errors, warnings } = await ended('endless');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', operations: { failed: 1 } });
  expect(errors).toMatch(/plugin endless.*had not ended/);
  expect(warnings).toContain('it cannot be stopped');
  expect(endless.cancelled).toHaveLength(1);
  endless.onCancel = () => undefined;
  await installation.request('DELETE', '/restores/endless');
  const look = async () => (await installation.request('GET', '/restores/endless')).status;
  await expect.poll(look).toBe(404);
  expect(endless.cancelled[1]?.operations).toEqual(endless.cancelled[0]?.operations);
});

test('an operation that calls itself complete and moved nothing has failed', async () => {
  plugin('nothing').status = () => ({
    ...{ phase: 'Completed', progress: { done: 0, total: 9, unit: 'bytes' } },
  });
  await begin('nothing');
  const { status } = await ended('nothing');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', operations: { failed: 1 } });
  expect(await isRestored('nothing')).toBe('configmap/nothing\n');
});

test('a cancel of the restore cancels the operations', async () => {
  plugin('cancelled').status = () => ({ phase: 'Running' });
  await begin('cancelled');
  await waitsForOperations('cancelled');
  await installation.request('POST', '/restores/cancelled:cancel');
  expect((await ended('cancelled')).status.phase).toBe('Cancelled');
  const asked = plugin('cancelled').calls[0]?.items[0]?.requestId;
  const told = plugin('cancelled').cancelled.map(({ operations }) => operations[0]?.requestId);
  expect(told).toEqual([asked]);
});

test('a patch that does not apply fails its item, with the plugin and the field', async () => {
  plugin('garbage').answer = () => ({ patch: [{ op: 'remove', path: '/data/absent' }] });
  await begin('garbage');
  const { status, errors } = await ended('garbage');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', counts: { failed: 1 } });
  expect(errors).toMatch(/plugin-answer-invalid: .*plugin garbage.*\/patch does not apply/);
});

test('an answer for an item that nobody asked about is an error, and changes nothing', async () => {
  plugin('foreign').whole = () => ({ items: [{ requestId: 'of somebody else', skip: 'mine' }] });
  await begin('foreign');
  const { status, errors } = await ended('foreign');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', counts: { failed: 0 } });
  expect(errors).toMatch(
    /plugin foreign.*\/items\/0\/requestId is of no item that was asked about/,
  );
  expect(await isRestored('foreign')).toBe('configmap/foreign\n');
});

test('the phases of a run say that an item has failed, and it ends with that and with what came later', async () => {
  const mixed = plugin('mixed');
  mixed.answer = ({ item: { name } }) =>
    name === 'mixed' ? { operation: { id: name } } : { error: 'disk on fire' };
  mixed.status = () => ({ phase: 'Running' });
  const release = proxy.hold(restoreKeys('mixed').results);
  await begin('mixed');
  expect(await waitsForOperations('mixed')).toBe('WaitingForPluginOperationsPartiallyFailed');
  mixed.status = () => ({ phase: 'Failed', error: 'no space in the vault' });
  await expect
    .poll(async () => (await installation.look('restores', 'mixed'))?.status.phase)
    .toBe('FinalizingPartiallyFailed');
  release();
  const { status, errors } = await ended('mixed');
  expect(status).toMatchObject({ phase: 'PartiallyFailed', operations: { failed: 1 } });
  expect(errors).toContain('disk on fire');
  expect(errors).toContain('no space in the vault');
});
