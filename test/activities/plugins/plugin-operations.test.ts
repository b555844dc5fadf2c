import { afterEach, beforeEach, expect, test } from 'vitest';

import type {
  PlannedOperations,
  PlanOperationsInput,
  PluginRound,
} from '../../../activities/plugin-run-contract.ts';
import { planPluginDeletion } from '../../../activities/plugins/plan-plugin-deletion.ts';
import { storePluginAnswer } from '../../../activities/plugins/plugin-calls.ts';
import {
  planPluginOperations,
  readPluginOperations,
  storePluginOperations,
} from '../../../activities/plugins/plugin-operations.ts';
import { keepPluginOperations, recordPlugins } from '../../../activities/plugins/record-plugins.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { OperationsCall } from '../../../domain/plugins/contract.ts';
import { partsOfPlugin, PLUGIN } from '../../../domain/plugins/plugin-resource.ts';
import { readJsonGzIfThere } from '../../../storage/json-file.ts';
import { inActivity } from '../../support/activity-context.ts';
import { byName, listed, plugin, PluginRunFixture, RUN } from '../../support/plugin-run.ts';

// Goal: each operation that plugins began is waited for, or cancelled, and told in the end. Method: calls that are planned and
// answered in a store in a folder.

let fixture: PluginRunFixture;

beforeEach(async () => {
  const items = Array.from({ length: 120 }, (_, index) => listed(`item-${String(index)}`));
  fixture = await PluginRunFixture.open({ configMaps: items }, [
    plugin('mover', [{ name: 'upload' }]),
    plugin('other', [{ name: 'look', selector: { includedNamespaces: ['none'] } }]),
  ]);
});

afterEach(async () => {
  await fixture.close();
});

/** The batches that are waited for, or without rounds those that are cancelled. */
async function planned(
  rounds?: readonly PluginRound[],
  scope: PlanOperationsInput['scope'] = 'waited',
) {
  const input: PlanOperationsInput =
    rounds === undefined ? { ...RUN, scope: 'all' } : { ...RUN, scope, rounds };
  const operations = await inActivity(() => planPluginOperations(fixture.deps, input));
  return { operations, calls: await batchesOf(operations) };
}

async function batchesOf({ attempt, batches }: PlannedOperations): Promise<OperationsCall[]> {
  const calls = [];
  for (let batch = 0; batch < batches; batch++) {
    calls.push((await readPluginOperations(fixture.deps, { ...RUN, attempt, batch })).call);
  }
  return calls;
}

const beginning = byName(
  Object.fromEntries(
    Array.from({ length: 120 }, (_, index) => [
      `item-${String(index)}`,
      index === 7 ? { error: 'not this one' } : { operation: { id: `op-${String(index)}` } },
    ]),
  ),
);

test('operations are waited for in batches of twenty', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, beginning);
  const { operations, calls } = await planned([round]);
  expect(operations).toMatchObject({ batches: 6, operations: 119 });
  expect(calls.map((call) => call.operations.length)).toEqual([...[20, 20, 20, 20, 20, 19]]);
  const ids = calls.flatMap((call) => call.operations.map(({ id }) => id));
  expect(new Set(ids).size).toBe(119);
  expect(ids).not.toContain('op-7');
  const { operations: asked = [], ...call } = calls[0] ?? {};
  expect(call).toMatchObject({
    ...{ contract: 'v1', plugin: 'mover', run: { kind: 'Backup', name: 'b', uid: 'uid-b' } },
  });
  // What only the run knows is not told.
  expect(asked[0]).toEqual({
    ...{ requestId: expect.stringMatching(/^uid-b-/) as unknown, id: 'op-0', action: 'upload' },
    item: { group: '', resource: 'configmaps', namespace: 'shop', name: 'item-0' },
  });
});

test('what is cancelled is all that may have begun, once each, whatever attempt asked for it', async () => {
  await fixture.planRound();
  const round = await fixture.planRound();
  const [first] = await fixture.calls(round);
  await storePluginAnswer(fixture.deps, {
    ...{ ...RUN, attempt: round.attempt, call: 0, answeredAt: '2026-01-01T00:00:05Z' },
    answer: {
      items: first?.items.map(({ requestId }, index) => ({
        requestId,
        ...(index === 0 ? { skip: 'nothing to do' } : { operation: { id: `op-${String(index)}` } }),
      })),
    },
  });
  const { operations, calls } = await planned();
  // The calls of the attempt that came to nothing were never answered: the plugin may have heard of them.
  expect(operations.operations).toBe(120);
  const requests = calls.flatMap((call) => call.operations.map(({ requestId }) => requestId));
  expect(new Set(requests).size).toBe(120);
});

test('of answered calls only what began, or may have begun, is cancelled', async () => {
  const round = await fixture.planRound();
  await fixture.answer(
    round,
    byName({
      'item-1': { operation: { id: 'op-1' } },
      'item-2': { error: 'nothing begun' },
      'item-3': { skip: 'x' },
      'item-4': { error: 'begun all the same', operation: { id: 'op-4' } },
      'item-5': { skip: 7, operation: { id: 'op-5' } },
    }),
  );
  const namesOf = ({ calls }: { readonly calls: readonly OperationsCall[] }) =>
    calls.flatMap((call) => call.operations.map(({ id, item }) => [item.name, id]));
  const voids = [
    ['item-4', 'op-4'],
    // Its answer breaks the contract, so that nothing of it is believed.
    ['item-5', undefined],
  ];
  expect(namesOf(await planned())).toEqual([['item-1', 'op-1'], ...voids]);
  expect(namesOf(await planned([round]))).toEqual([['item-1', 'op-1']]);
  expect(namesOf(await planned([round], 'void'))).toEqual(voids);
});

/** Stores how the operations of all batches ended, of which the plugin says nothing but the given ones. */
async function end(operations: PlannedOperations, said: Readonly<Record<string, object>>) {
  const counts = [];
  for (const [batch, call] of (await batchesOf(operations)).entries()) {
    const answer = {
      operations: call.operations.map(({ requestId, id = '' }) => ({
        ...{ requestId, phase: 'Completed' },
        ...said[id],
      })),
    };
    const at = { ...RUN, attempt: operations.attempt, batch, endedAt: '2026-01-01T00:01:00Z' };
    counts.push(await storePluginOperations(fixture.deps, { ...at, answer }));
  }
  return counts;
}

test('ends are counted, and what may be at work has to be cancelled', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, beginning);
  const { operations } = await planned([round]);
  expect(
    await end(operations, { 'op-3': { phase: 'Failed' }, 'op-110': { phase: 'Running' } }),
  ).toEqual([
    { completed: 19, failed: 1, open: [] },
    ...Array.from({ length: 4 }, () => ({ completed: 20, failed: 0, open: [] })),
    { completed: 18, failed: 1, open: [expect.stringMatching(/^uid-b-/) as unknown] },
  ]);
});

test('the record has each operation, and each failure of calls and operations', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, beginning);
  const { operations } = await planned([round]);
  await end(operations, {
    'op-0': { progress: { done: 8.6, total: 8.6, unit: 'bytes' } },
    'op-3': { phase: 'Failed', error: 'no space' },
  });
  const record = () =>
    inActivity(() =>
      recordPlugins(fixture.deps, { ...RUN, rounds: [round], operations, notCancelled: [] }),
    );
  const { errors, warnings } = await record();
  expect(warnings).toEqual([]);
  expect(errors.map(({ subject }) => subject)).toEqual([
    'plugin mover, action upload: configmaps/shop/item-7',
    'plugin mover, action upload: operation configmaps/shop/item-3',
  ]);
  // The file is the one that was just written.
  const entries = (await readJsonGzIfThere(fixture.store, backupKeys('b').itemOperations)) as {
    status: { phase: string };
  }[];
  expect(entries).toHaveLength(119);
  expect(entries[0]).toEqual({
    spec: {
      ...{ backupName: 'b', backupUID: 'uid-b', backupItemAction: 'mover/upload' },
      resourceIdentifier: {
        ...{ Group: '', Resource: 'configmaps', Namespace: 'shop', Name: 'item-0' },
      },
      operationID: 'op-0',
    },
    status: {
      ...{ phase: 'Completed', nCompleted: 9, nTotal: 9, operationUnits: 'bytes' },
      ...{ created: '2026-01-01T00:00:05Z', started: '2026-01-01T00:00:05Z' },
      updated: '2026-01-01T00:01:00Z',
    },
  });
  const failed = entries.filter(({ status }) => status.phase === 'Failed');
  expect(failed).toMatchObject([
    { status: { error: expect.stringContaining('no space') as unknown } },
  ]);
  expect(await record()).toEqual({ errors, warnings });
});

test('a run without operations writes an empty file', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, () => null);
  const said = await inActivity(() =>
    recordPlugins(fixture.deps, { ...RUN, rounds: [round], notCancelled: [] }),
  );
  expect(said).toEqual({ errors: [], warnings: [] });
  expect(await readJsonGzIfThere(fixture.store, backupKeys('b').itemOperations)).toEqual([]);
});

interface Registered {
  readonly name: string;
  readonly deletesBackups?: boolean;
}

/** A worker of a cluster in which the given plugins are registered. */
function registered(...names: readonly Registered[]) {
  const objects = names.map(({ name, ...more }) => {
    const { description, spec } = plugin(name, []);
    const status = {
      description: { ...description, ...more },
      describedAt: '2026-01-01T00:00:00Z',
    };
    return { object: { metadata: { name, namespace: 'hf' }, spec: { ...spec }, status }, json: '' };
  });
  expect(objects.map(({ object }) => partsOfPlugin(object).name)).toEqual(
    names.map(({ name }) => name),
  );
  const cluster = {
    ...fixture.deps.cluster,
    listPages: async function* ({ type }: { type: unknown }) {
      expect(type).toEqual(PLUGIN);
      yield await Promise.resolve(objects);
    },
  };
  // The cast: only what the activity uses of a worker's clients is there.
  return { ...fixture.deps, cluster, namespace: 'hf' } as unknown as typeof fixture.deps;
}

/** Plans a deletion, where the given plugins are registered. */
async function deletion(...names: readonly Registered[]) {
  const deps = registered(...names);
  const plannedNow = await inActivity(() => planPluginDeletion(deps, RUN));
  return { planned: plannedNow, calls: await batchesOf(plannedNow) };
}

test('a type about which nobody could be asked is an error of the backup', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, () => null);
  const problem = { code: 'cluster-forbidden', message: 'no', subject: 'secrets' } as const;
  const said = await inActivity(() =>
    recordPlugins(fixture.deps, {
      ...{ ...RUN, rounds: [{ ...round, problems: [problem] }], notCancelled: [] },
    }),
  );
  expect(said.errors).toEqual([problem]);
});

test('a deletion is told to plugins with operations, and to those that want to know', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, beginning);
  const { operations, calls: before } = await planned([round]);
  await end(operations, {});
  await inActivity(() =>
    recordPlugins(fixture.deps, { ...RUN, rounds: [round], operations, notCancelled: [] }),
  );
  const { record } = backupKeys('b');
  expect((await deletion({ name: 'uninvolved' })).planned).toMatchObject({ batches: 0 });
  expect(await fixture.store.get(record)).toBeDefined();

  const { planned: found, calls } = await deletion(
    { name: 'mover' },
    { name: 'uninvolved' },
    { name: 'watcher', deletesBackups: true },
  );
  expect(found).toMatchObject({ batches: 7, operations: 119 });
  expect(calls.map(({ plugin: of, operations: all }) => [of, all.length])).toEqual([
    ...Array.from({ length: 5 }, () => ['mover', 20]),
    ['mover', 19],
    ['watcher', 0],
  ]);
  // It is told by the same ids that it was asked with.
  const idsOf = (all: readonly OperationsCall[]) =>
    all.flatMap((call) => call.operations.map(({ requestId, id }) => `${requestId} ${String(id)}`));
  expect(idsOf(calls)).toEqual(idsOf(before));
  // From then on it is no backup.
  await expect(fixture.store.get(record)).rejects.toMatchObject({ code: 'object-missing' });
});

test('what could not be cancelled stands in the file, and its plugin is told of the deletion', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, byName({ 'item-1': { operation: { id: 'op-1' } } }));
  const { operations, calls } = await planned();
  await keepPluginOperations(fixture.deps, {
    ...{ ...RUN, attempt: operations.attempt, batches: [0], endedAt: '2026-01-01T00:01:00Z' },
  });
  expect(await readJsonGzIfThere(fixture.store, backupKeys('b').itemOperations)).toMatchObject([
    {
      spec: { backupItemAction: 'mover/upload', operationID: 'op-1' },
      status: {
        ...{ phase: 'Failed', updated: '2026-01-01T00:01:00Z' },
        error: expect.stringContaining('could not cancel the operation for configmaps/') as unknown,
      },
    },
  ]);
  const { calls: told } = await deletion({ name: 'mover' });
  expect(told.map((call) => call.operations)).toEqual(calls.map((call) => call.operations));
});

test('a plugin that is registered no more is left out where that is wanted', async () => {
  const round = await fixture.planRound();
  await fixture.answer(round, byName({ 'item-1': { operation: { id: 'op-1' } } }));
  const found = (name: string) =>
    inActivity(() =>
      planPluginOperations(registered({ name }), {
        ...{ ...RUN, scope: 'all', isRegisteredOnly: true },
      }),
    );
  expect(await found('mover')).toMatchObject({ operations: 1, batches: 1 });
  expect(await found('other')).toMatchObject({ operations: 0, batches: 0 });
});
