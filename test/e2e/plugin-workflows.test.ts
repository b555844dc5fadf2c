import { setTimeout as sleep } from 'node:timers/promises';

import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { ClusterActivities } from '../../activities/contract.ts';
import { cleanRun } from '../../activities/clean-run.ts';
import { planPluginOperations } from '../../activities/plugins/plugin-operations.ts';
import { recordPlugins } from '../../activities/plugins/record-plugins.ts';
import { createActivities } from '../../activities/index.ts';
import { backupKeys, planKey } from '../../domain/object-key.ts';
import type { ItemsCall, OperationsCall } from '../../domain/plugins/contract.ts';
import { CONTRACT, STATUS_BYTES_MAX } from '../../domain/plugins/contract-v1.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import { bytesOf, readClaim } from '../../storage/claim.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import { recordTime } from '../../domain/duration.ts';
import {
  BACKUP_WORKFLOW,
  type BackupInput,
  DELETE_WORKFLOW,
  type DeleteInput,
  PLUGIN_ITEMS_WORKFLOW,
  PLUGIN_OPERATIONS_WORKFLOW,
  type PluginItemsInput,
  type PluginItemsResult,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from '../../workflows/contract.ts';
import { inActivity } from '../support/activity-context.ts';
import { keysUnder } from '../support/archive-items.ts';
import { listed, plugin, PluginRunFixture, RUN } from '../support/plugin-run.ts';
import { SOURCE_CLUSTER } from '../support/stored-backup.ts';
import { PluginWorkflows } from '../support/plugin-workflows.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: what a plugin may have begun is never forgotten, however its calls end. Method: the workflows themselves, on a real
// Temporal server; a run in a folder, and plugins of this process.

Runtime.install({ logger: new DefaultLogger('ERROR') });
let workflows: PluginWorkflows;

beforeAll(async () => {
  workflows = await PluginWorkflows.start();
});
afterAll(async () => {
  await workflows.stop();
});

interface PluginOptions {
  readonly unavailableTimeout?: string;
  /** What the cluster does in its own way. */
  readonly own?: (fixture: PluginRunFixture) => Partial<ClusterActivities>;
}

/** Runs with a plugin that is registered for a cluster. */
async function withPlugin(
  run: (of: { fixture: PluginRunFixture; cluster: string; mover: TestPlugin }) => Promise<void>,
  { unavailableTimeout = '1s', own = () => ({}) }: PluginOptions = {},
): Promise<void> {
  const fixture = await PluginRunFixture.open({ configMaps: [listed('web')] }, [
    { ...plugin('mover', [{ name: 'upload' }]), spec: { unavailableTimeout, callTimeout: '5s' } },
  ]);
  const cluster = await workflows.serveCluster(fixture.deps, own(fixture));
  await run({ fixture, cluster, mover: new TestPlugin({}) });
  await fixture.close();
}

test.concurrent.each([
  { does: 'dies of the call', voids: 1 },
  { does: 'is not there', voids: 0 },
])('a plugin that $does has begun $voids operations that nobody knows of', async ({ voids }) => {
  await withPlugin(async ({ cluster, mover }) => {
    const worker = await workflows.servePlugin(cluster, 'mover', mover.activities);
    if (voids === 0) {
      await worker.stop();
    }
    mover.whole = () => {
      void worker.stop();
      throw ApplicationFailure.retryable('it dies');
    };
    const result = await ask(cluster);
    expect(mover.calls).toHaveLength(voids);
    expect(result).toMatchObject({ operations: 0, errors: 1, voids });
  });
});

function ask(cluster: string, away: readonly string[] = []): Promise<PluginItemsResult> {
  const input: PluginItemsInput = { run: RUN, cluster, away };
  return workflows.run(PLUGIN_ITEMS_WORKFLOW, input);
}

/** Waits for what was begun, for so many seconds. */
function wait(
  cluster: string,
  { rounds }: PluginItemsResult,
  seconds = 60,
): Promise<PluginOperationsResult> {
  const deadline = recordTime(Date.now() + seconds * 1000);
  const input: PluginOperationsInput = { run: RUN, cluster, rounds, deadline };
  return workflows.run(PLUGIN_OPERATIONS_WORKFLOW, input);
}

test.concurrent(
  'the deletion of a backup ends what could not be cancelled, as soon as the plugin is there',
  async () => {
    await withPlugin(async ({ fixture, cluster, mover }) => {
      const worker = await workflows.servePlugin(cluster, 'mover', mover.activities);
      mover.answer = () => {
        void worker.stop();
        return { error: 'half begun', operation: { id: 'op' } };
      };
      const { rounds, ...asked } = await ask(cluster);
      expect(asked).toMatchObject({ operations: 0, voids: 1 });
      const { notCancelled, uncancelled } = await wait(cluster, { rounds, ...asked });
      expect(notCancelled).toHaveLength(1);
      await inActivity(() =>
        recordPlugins(fixture.deps, {
          ...{ ...RUN, rounds, notCancelled },
          ...(uncancelled === undefined ? {} : { uncancelled }),
        }),
      );
      const keys = backupKeys(RUN.name);
      await inActivity(() => cleanRun(fixture.store, keys, { ...RUN, scope: 'work' }));
      const input: DeleteInput = { ...RUN, cluster };
      await expect(workflows.run(DELETE_WORKFLOW, input)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('plugin-not-served') as unknown },
      });
      expect(await keysUnder(fixture.store, keys.folder)).toContain(keys.itemOperations);
      await workflows.servePlugin(cluster, 'mover', mover.activities);
      await workflows.run(DELETE_WORKFLOW, input);
      expect(mover.deleted.map(({ operations }) => operations)).toEqual([
        [expect.objectContaining({ id: 'op', requestId: mover.calls[0]?.items[0]?.requestId })],
      ]);
      expect(await keysUnder(fixture.store, keys.folder)).toEqual([]);
    });
  },
);

test.concurrent(
  'a plugin that the run has waited for in vain is asked again, and not waited for as long',
  async () => {
    await withPlugin(
      async ({ cluster, mover }) => {
        expect(await ask(cluster, ['mover'])).toMatchObject({ errors: 1, away: ['mover'] });
        await workflows.servePlugin(cluster, 'mover', mover.activities);
        const back = await ask(cluster, ['mover']);
        expect(back).toMatchObject({ errors: 0 });
        expect(back).not.toHaveProperty('away');
      },
      { unavailableTimeout: '1h' },
    );
  },
);

test.concurrent(
  'operations of a plugin that was not there before are not waited for again',
  async () => {
    await withPlugin(
      async ({ fixture, cluster, mover }) => {
        mover.answer = () => ({ operation: { id: 'op' } });
        const worker = await workflows.servePlugin(cluster, 'mover', mover.activities);
        const { rounds } = await ask(cluster);
        await worker.stop();
        const planned = await inActivity(() =>
          planPluginOperations(fixture.deps, { ...RUN, scope: 'waited', rounds }),
        );
        const failure = { code: 'plugin-not-served', message: 'nobody' } as const;
        const left = [{ plugin: 'mover', batches: [], operations: 20, failure }];
        const handedOn = { waited: { planned, done: 0 }, completed: 0, failed: 0, left };
        const deadline = recordTime(Date.now() + 3_600_000);
        const input: PluginOperationsInput = { run: RUN, cluster, rounds, deadline, handedOn };
        expect(await workflows.run(PLUGIN_OPERATIONS_WORKFLOW, input)).toMatchObject({
          ...{ completed: 0, failed: 1 },
          notCancelled: [{ message: expect.stringContaining('up to 21 operations') as unknown }],
        });
      },
      { unavailableTimeout: '1h' },
    );
  },
);

test.concurrent.each([
  {
    does: 'answers though its operation runs',
    said: { phase: 'Running' },
    code: 'operation-timed-out',
  },
  {
    does: 'says too much of its operation',
    said: { phase: 'Completed', padding: 'x'.repeat(STATUS_BYTES_MAX) },
    code: 'plugin-answer-invalid',
  },
])('an operation of a plugin that $does is cancelled and has failed', async ({ said, code }) => {
  await withPlugin(async ({ fixture, cluster, mover }) => {
    mover.answer = () => ({ operation: { id: 'op' } });
    const operationStatus = ({ operations }: OperationsCall) =>
      Promise.resolve({ operations: operations.map(({ requestId }) => ({ requestId, ...said })) });
    await workflows.servePlugin(cluster, 'mover', { ...mover.activities, operationStatus });
    const asked = await ask(cluster);
    const { failed, planned, notCancelled } = await wait(cluster, asked, 2);
    expect(failed).toBe(1);
    expect(mover.cancelled).toHaveLength(1);
    const { rounds } = asked;
    const { errors } = await inActivity(() =>
      recordPlugins(fixture.deps, { ...RUN, rounds, notCancelled, operations: planned }),
    );
    expect(errors.map((error) => error.code)).toEqual([code]);
  });
});

test.concurrent(
  'calls that carry large objects come to Temporal in pieces that it takes',
  async () => {
    const calls = 4;
    const call: ItemsCall = {
      ...{ contract: CONTRACT, plugin: 'mover', action: 'take', replyKey: '', items: [] },
      run: { kind: 'Restore', location: 'default', name: 'r', uid: 'uid-r', cluster: '' },
      // As much as one object of 1 MiB makes when it is sealed.
      sealedObjects: 'x'.repeat(1_400_000),
    };
    await withPlugin(
      async ({ cluster, mover }) => {
        mover.whole = () => ({ items: [] });
        await workflows.servePlugin(cluster, 'mover', mover.activities);
        const input: PluginItemsInput = { run: { ...RUN, kind: 'Restore' }, cluster };
        await workflows.run(PLUGIN_ITEMS_WORKFLOW, input);
        expect(mover.calls).toHaveLength(calls);
      },
      {
        own: () => ({
          planPluginCalls: ({ rounds }) =>
            Promise.resolve({ attempt: 'a', calls: rounds.length > 0 ? 0 : calls }),
          // All of them are there at the same time, as after a pause of the workflow's worker.
          readPluginCall: async () => {
            await sleep(500);
            return { plugin: 'mover', callTimeoutMs: 5000, unavailableTimeoutMs: 5000, call };
          },
          storePluginAnswer: () => Promise.resolve({ operations: 0, voids: 0, errors: 0 }),
        }),
      },
    );
  },
);

const CUT = backupKeys('cut');

const fail = (): Promise<never> => {
  throw ApplicationFailure.nonRetryable('the store is away', 'Unavailable');
};

/** What a cluster does for a backup that asks plugins and then fails. */
function failingBackup({ store, plan }: PluginRunFixture): Partial<ClusterActivities> {
  return {
    openBackup: async ({ name, runUid, spec, specDigest, startTimestamp }) => {
      const claim: StoredBackup = {
        ...{ version: 1, kind: 'Backup', name, runUid, specDigest, installation: 'test' },
        ...{ startTimestamp, cluster: SOURCE_CLUSTER, spec },
      };
      await store.put(CUT.claim, bytesOf(claim));
      await writeJsonGz(store, planKey(CUT.folder, runUid), plan);
      return { kind: 'accepted' };
    },
    planBackup: () =>
      Promise.resolve({
        ...{ items: 1, shards: 1, hasRelated: false, hasVolumes: false, hasPlugins: true },
      }),
    exportShard: fail,
  };
}

function inputOf(cluster: string): BackupInput {
  const spec = { cluster, includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' };
  return { location: 'default', name: 'cut', spec, specDigest: 'cut' };
}

/** What is kept of the backup. */
async function kept({ store }: PluginRunFixture): Promise<StoredBackup> {
  // It was written by `failingBackup`.
  return (await readClaim(store, CUT.claim))?.stored as StoredBackup;
}

test.concurrent(
  'a backup that cannot find out what plugins have begun leaves that to its deletion',
  async () => {
    let isAway = true;
    const own = (fixture: PluginRunFixture): Partial<ClusterActivities> => ({
      ...failingBackup(fixture),
      planPluginOperations: (input) =>
        isAway ? fail() : createActivities(fixture.deps).planPluginOperations(input),
    });
    await withPlugin(
      async ({ fixture, cluster, mover }) => {
        mover.answer = () => ({ operation: { id: 'op' } });
        await workflows.servePlugin(cluster, 'mover', mover.activities);
        await workflows.run(BACKUP_WORKFLOW, inputOf(cluster));
        const { runUid, result } = await kept(fixture);
        expect(result).toMatchObject({ phase: 'Failed', warnings: 1 });
        expect(mover.cancelled).toEqual([]);
        isAway = false;
        const run = { kind: 'Backup', location: 'default', name: 'cut', runUid } as const;
        await workflows.run(DELETE_WORKFLOW, { ...run, cluster } satisfies DeleteInput);
        expect(mover.cancelled.map(({ operations }) => operations)).toEqual([
          [expect.objectContaining({ id: 'op', requestId: mover.calls[0]?.items[0]?.requestId })],
        ]);
        expect(await keysUnder(fixture.store, CUT.folder)).toEqual([]);
      },
      { own },
    );
  },
);

test.concurrent(
  'a backup asks plugins while those of a terminated one of its name are still being asked',
  async () => {
    await withPlugin(
      async ({ fixture, cluster, mover }) => {
        let release: (answer: object) => void = () => undefined;
        const held = new Promise<object>((resolve) => {
          release = resolve;
        });
        mover.whole = () => (mover.calls.length > 1 ? { items: [] } : held);
        await workflows.servePlugin(cluster, 'mover', mover.activities);
        const first = await workflows.start(BACKUP_WORKFLOW, inputOf(cluster), 'cut');
        // `expect.poll` does not know which of the tests that run at the same time it is in.
        await vi.waitUntil(() => mover.calls.length === 1, { timeout: 60_000 });
        await first.terminate();
        await workflows.run(BACKUP_WORKFLOW, inputOf(cluster), 'cut');
        release({ items: [] });
        expect(mover.calls).toHaveLength(2);
        expect((await kept(fixture)).result).toMatchObject({ phase: 'Failed', warnings: 0 });
      },
      { own: failingBackup },
    );
  },
);
