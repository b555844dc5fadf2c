import { Failure, type FailureReport } from '../../domain/failure.ts';
import { backupFolder, pluginAnswerKey, pluginCallKey } from '../../domain/object-key.ts';
import type { ItemsCall, PluginRun } from '../../domain/plugins/contract.ts';
import { CONTRACT } from '../../domain/plugins/contract-v1.ts';
import type { CallOutcome, ItemOutcome, PlannedCall } from '../../domain/plugins/plugin-call.ts';
import { type CallTimes, callTimes, type RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import { readItemsAnswer } from '../../domain/plugins/read-answer.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { readBackupClaim, readPlan } from '../backup/plan-backup.ts';
import type { Dependencies } from '../dependencies.ts';
import type {
  PluginCall,
  PluginCallInput,
  StoredAnswer,
  StorePluginAnswerInput,
} from '../plugin-run-contract.ts';
import { readReplyKey } from './reply-key.ts';

/** See `PluginRunActivities.readPluginCall`. */
export async function readPluginCall(
  deps: Dependencies,
  input: PluginCallInput,
): Promise<PluginCall<ItemsCall>> {
  const folder = backupFolder(input.name);
  const [{ plugin, action, items }, { plugins = [] }, reply] = await Promise.all([
    readCall(deps, input),
    readPlan(deps, input),
    readReplyKey(deps.store(input.location), folder, input.runUid),
  ]);
  return {
    plugin,
    ...timesOf(plugins, plugin),
    call: {
      contract: CONTRACT,
      ...{ plugin, action, items: [...items] },
      run: await pluginRun(deps, input),
      replyKey: reply.publicKey,
    },
  };
}

/** See `PluginRunActivities.storePluginAnswer`. */
export async function storePluginAnswer(
  deps: Dependencies,
  input: StorePluginAnswerInput,
): Promise<StoredAnswer> {
  const store = deps.store(input.location);
  const folder = backupFolder(input.name);
  const { answeredAt } = input;
  const [planned, reply] = await Promise.all([
    readCall(deps, input),
    readReplyKey(store, folder, input.runUid),
  ]);
  const { plugin, action, onError, order } = planned;
  const read =
    input.failure === undefined
      ? readItemsAnswer(planned, input.answer, (sealed) =>
          reply.open(Buffer.from(sealed, 'base64')).toString('utf8'),
        )
      : { items: failedItems(planned, input.failure), faults: [] };
  const outcome: CallOutcome = {
    ...{ plugin, action, onError, order, answeredAt },
    items: everyItem(planned, read.items),
    faults: read.faults,
  };
  await writeJsonGz(store, pluginAnswerKey(folder, input), outcome);
  const failed = read.items.filter(({ failure }) => failure !== undefined).length;
  return {
    operations: read.items.filter(isWaitedFor).length,
    voids: read.items.filter(isVoid).length,
    errors: read.faults.length + (onError === 'Fail' ? failed : 0),
  };
}

function isWaitedFor({ operation, failure }: ItemOutcome): boolean {
  return operation !== undefined && failure === undefined;
}

/** Whether an operation may be at work that nobody waits for. */
function isVoid({ operation, failure, mayHaveBegun }: ItemOutcome): boolean {
  return failure !== undefined && (operation !== undefined || mayHaveBegun === true);
}

/** Those that nothing was said of are there too: it is known that they were asked about. */
function everyItem({ items }: PlannedCall, answered: readonly ItemOutcome[]): ItemOutcome[] {
  const byId = new Map(answered.map((outcome) => [outcome.requestId, outcome]));
  return items.map(({ requestId, item: { group, resource, namespace, name } }) => {
    const item = { group, resource, namespace, name };
    return byId.get(requestId) ?? { requestId, item };
  });
}

/** A call that nobody took has begun nothing. */
function failedItems({ items }: PlannedCall, failure: FailureReport): ItemOutcome[] {
  const begun = failure.code === 'plugin-not-served' ? {} : { mayHaveBegun: true as const };
  return items.map(({ requestId, item }) => ({ requestId, item, failure, ...begun }));
}

/** How long calls of a plugin may take. Throws `plugin-not-found` for one that the run does not know. */
export function timesOf(plugins: readonly RegisteredPlugin[], plugin: string): CallTimes {
  const registered = plugins.find(({ name }) => name === plugin);
  if (registered === undefined) {
    throw new Failure('plugin-not-found', `the run knows no plugin ${plugin}`, { subject: plugin });
  }
  return callTimes(registered.spec);
}

/** The run, as plugins are told of it. */
export async function pluginRun(deps: Dependencies, run: RunReference): Promise<PluginRun> {
  const { location, name, runUid: uid } = run;
  const { spec } = await readBackupClaim(deps, run);
  return { kind: 'Backup', location, name, uid, cluster: spec.cluster };
}

async function readCall({ store }: Dependencies, input: PluginCallInput): Promise<PlannedCall> {
  const key = pluginCallKey(backupFolder(input.name), input);
  // The object under this key was written by `planPluginCalls` of the same run.
  return (await readJsonGz(store(input.location), key)) as PlannedCall;
}
