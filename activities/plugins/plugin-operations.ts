import {
  operationBatchKey,
  operationEndsKey,
  parsePluginCallKey,
  pluginAnswerKey,
  pluginsPrefix,
  runFolder,
} from '../../domain/object-key.ts';
import type { OperationsCall } from '../../domain/plugins/contract.ts';
import { CONTRACT, OPERATIONS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import {
  type OperationBatch,
  operationEnds,
  type OperationEnds,
  type PlannedOperation,
} from '../../domain/plugins/operation.ts';
import type { CallOutcome, PlannedCall } from '../../domain/plugins/plugin-call.ts';
import { callTimes, type RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { readJsonGz, readJsonGzIfThere, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { newAttempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type {
  OperationBatchInput,
  PlannedOperations,
  PlanOperationsInput,
  PluginCall,
  StoredOperations,
  StoreOperationsInput,
} from '../plugin-run-contract.ts';
import { allAnswers } from './plugin-answers.ts';
import { readPlugins } from './registry.ts';
import { pluginNamed, pluginRun, pluginsOf } from './run-plugins.ts';

/** See `PluginRunActivities.planPluginOperations`. */
export function planPluginOperations(
  deps: Dependencies,
  input: PlanOperationsInput,
): Promise<PlannedOperations> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(input.location);
    const found = foundIn(store, input);
    let isTold: ((plugin: string) => boolean) | undefined;
    let plugins: readonly RegisteredPlugin[] | undefined;
    const attempt = newAttempt();
    const open = new Map<string, PlannedOperation[]>();
    let [batches, operations] = [0, 0];
    const write = async (plugin: string, batch: readonly PlannedOperation[]): Promise<void> => {
      const key = { runUid: input.runUid, attempt, batch: batches++ };
      // Not before there is something to tell: a run that has ended has no plan.
      plugins ??= await pluginsOf(deps, input);
      const times = callTimes(pluginNamed(plugins, plugin).spec);
      const stored: OperationBatch = { plugin, ...times, operations: batch };
      await writeJsonGz(store, operationBatchKey(runFolder(input), key), stored);
    };
    for await (const { plugin, operation } of found) {
      signal.throwIfAborted();
      isTold ??= await toldPlugins(deps, input);
      if (!isTold(plugin)) {
        continue;
      }
      operations += 1;
      const batch = open.get(plugin) ?? [];
      open.set(plugin, batch);
      batch.push(operation);
      if (batch.length >= OPERATIONS_PER_CALL) {
        await write(plugin, batch.splice(0));
      }
    }
    for (const [plugin, batch] of open) {
      if (batch.length > 0) {
        await write(plugin, batch);
      }
    }
    return { attempt, batches, operations };
  });
}

/** Which plugins can be told of operations, by what is asked for. */
async function toldPlugins(
  deps: Dependencies,
  { isRegisteredOnly }: PlanOperationsInput,
): Promise<(plugin: string) => boolean> {
  if (isRegisteredOnly !== true) {
    return () => true;
  }
  const registered = new Set((await readPlugins(deps)).map(({ name }) => name));
  return (plugin) => registered.has(plugin);
}

/** See `PluginRunActivities.readPluginOperations`. */
export async function readPluginOperations(
  deps: Dependencies,
  input: OperationBatchInput,
): Promise<PluginCall<OperationsCall>> {
  const { plugin, operations, ...times } = await readBatch(deps, input);
  return {
    ...{ plugin, ...times },
    call: {
      contract: CONTRACT,
      plugin,
      run: await pluginRun(deps, input),
      operations: operations.map(({ requestId, id, action, item }) => ({
        ...{ requestId, action, item },
        ...(id === undefined ? {} : { id }),
      })),
    },
  };
}

/** See `PluginRunActivities.storePluginOperations`. */
export async function storePluginOperations(
  deps: Dependencies,
  input: StoreOperationsInput,
): Promise<StoredOperations> {
  const { answer, failure, endedAt } = input;
  const batch = await readBatch(deps, input);
  const { ends, open } = operationEnds(batch, answer, failure);
  const { plugin, operations } = batch;
  const stored: OperationEnds = { plugin, operations, ends, endedAt };
  const key = operationEndsKey(runFolder(input), input);
  await writeJsonGz(deps.store(input.location), key, stored);
  const failed = ends.filter(({ phase }) => phase === 'Failed').length;
  return { completed: ends.length - failed, failed, open };
}

interface FoundOperation {
  readonly plugin: string;
  readonly operation: PlannedOperation;
}

/** The operations that are waited for, those that are void, or all that may have been begun. */
function foundIn(store: ObjectStore, input: PlanOperationsInput): AsyncGenerator<FoundOperation> {
  const { scope, rounds = [] } = input;
  return scope === 'all'
    ? askedFor(store, input)
    : begun(allAnswers({ store, run: input, rounds }), scope === 'void');
}

/** The operations that answers tell of: of items for which the action did its work, or of those for which it failed. */
async function* begun(
  answers: AsyncIterable<CallOutcome>,
  isVoid: boolean,
): AsyncGenerator<FoundOperation> {
  for await (const { plugin, action, items, answeredAt } of answers) {
    for (const { requestId, item, operation, failure, mayHaveBegun } of items) {
      const isBegun = operation !== undefined || mayHaveBegun === true;
      if (isBegun && (failure !== undefined) === isVoid) {
        const planned = { ...operation, requestId, action, item, startedAt: answeredAt };
        yield { plugin, operation: planned };
      }
    }
  }
}

/** What a plugin may have begun: the operations that it told of, and those of calls that were never answered. */
async function* askedFor(store: ObjectStore, run: KindReference): AsyncGenerator<FoundOperation> {
  const folder = runFolder(run);
  const seen = new Set<string>();
  for await (const page of store.list(pluginsPrefix(folder, run.runUid))) {
    for (const { key } of page) {
      const found = await askedIn(store, run, key);
      const fresh = found.filter(({ operation }) => !seen.has(operation.requestId));
      fresh.forEach(({ operation }) => seen.add(operation.requestId));
      yield* fresh;
    }
  }
}

/** The same of the call whose plan lies under a key. */
async function askedIn(
  store: ObjectStore,
  run: KindReference,
  key: string,
): Promise<FoundOperation[]> {
  const parsed = parsePluginCallKey(key);
  if (parsed === undefined) {
    return [];
  }
  const answerKey = pluginAnswerKey(runFolder(run), { runUid: run.runUid, ...parsed });
  // The objects under these keys were written by the activities of the same run.
  const answer = (await readJsonGzIfThere(store, answerKey)) as CallOutcome | undefined;
  return answer === undefined
    ? unanswered((await readJsonGz(store, key)) as PlannedCall)
    : told(answer);
}

function unanswered({ plugin, action, items }: PlannedCall): FoundOperation[] {
  return items.map(({ requestId, item }) => ({ plugin, operation: { requestId, action, item } }));
}

function told({ plugin, action, items }: CallOutcome): FoundOperation[] {
  return items.flatMap(({ requestId, item, operation, mayHaveBegun }) =>
    operation === undefined && mayHaveBegun === undefined
      ? []
      : [{ plugin, operation: { ...operation, requestId, action, item } }],
  );
}

async function readBatch(
  { store }: Dependencies,
  input: OperationBatchInput,
): Promise<OperationBatch> {
  const key = operationBatchKey(runFolder(input), input);
  // The object under this key was written by `planPluginOperations` of the same run.
  return (await readJsonGz(store(input.location), key)) as OperationBatch;
}
