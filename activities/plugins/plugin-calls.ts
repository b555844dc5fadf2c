import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, itemText } from '../../domain/item.ts';
import { backupKeys, pluginAnswerKey, pluginCallKey, runFolder } from '../../domain/object-key.ts';
import type { ItemsCall } from '../../domain/plugins/contract.ts';
import { CONTRACT } from '../../domain/plugins/contract-v1.ts';
import type { CallOutcome, ItemOutcome, PlannedCall } from '../../domain/plugins/plugin-call.ts';
import { callTimes } from '../../domain/plugins/plugin.ts';
import { actionFailure, readItemsAnswer } from '../../domain/plugins/read-answer.ts';
import { VOLUME_TYPES } from '../../domain/selection/related-items.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { seal } from '../../storage/seal.ts';
import type { Dependencies } from '../dependencies.ts';
import type {
  PluginCall,
  PluginCallInput,
  StoredAnswer,
  StorePluginAnswerInput,
} from '../plugin-run-contract.ts';
import { readRestorePlan } from '../restore/restore-run.ts';
import { readReplyKey } from './reply-key.ts';
import { pluginNamed, pluginRun, pluginsOf } from './run-plugins.ts';

/** See `PluginRunActivities.readPluginCall`. */
export async function readPluginCall(
  deps: Dependencies,
  input: PluginCallInput,
): Promise<PluginCall<ItemsCall>> {
  const folder = runFolder(input);
  const [planned, plugins, reply] = await Promise.all([
    readCall(deps, input),
    pluginsOf(deps, input),
    readReplyKey(deps.store(input.location), folder, input.runUid),
  ]);
  const { plugin, action, items, lines = [] } = planned;
  const { spec, description } = pluginNamed(plugins, plugin);
  const { publicKey } = description;
  return {
    plugin,
    ...callTimes(spec),
    call: {
      contract: CONTRACT,
      ...{ plugin, action, items: [...items] },
      run: await pluginRun(deps, input),
      replyKey: reply.publicKey,
      ...(await sealedObjects(deps, input, { lines, publicKey })),
    },
  };
}

/** See `PluginRunActivities.storePluginAnswer`. */
export async function storePluginAnswer(
  deps: Dependencies,
  input: StorePluginAnswerInput,
): Promise<StoredAnswer> {
  const store = deps.store(input.location);
  const folder = runFolder(input);
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
      : { items: failedItems(planned, input.failure, input.isUntaken), faults: [] };
  const outcome: CallOutcome = {
    ...{ plugin, action, onError, order, answeredAt },
    items: everyItem(planned, read.items),
    faults: read.faults,
  };
  await writeJsonGz(store, pluginAnswerKey(folder, input), outcome);
  const failed = read.items.filter(({ failure }) => failure !== undefined).length;
  const added = read.items.flatMap(({ additionalItems = [] }) => additionalItems);
  const addsVolumes = added.some((item) => VOLUME_TYPES.includes(groupResource(item)));
  return {
    operations: read.items.filter(isWaitedFor).length,
    voids: read.items.filter(isVoid).length,
    errors: read.faults.length + (onError === 'Fail' ? failed : 0),
    ...(added.length === 0 ? {} : { added: added.length }),
    ...(addsVolumes ? { addsVolumes } : {}),
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

/** A call that nobody took has begun nothing; one that a worker died of may have. */
function failedItems(call: PlannedCall, failure: FailureReport, isUntaken = false): ItemOutcome[] {
  const begun = isUntaken ? {} : { mayHaveBegun: true as const };
  return call.items.map(({ requestId, item }) => ({
    ...{ requestId, item, failure: actionFailure(call, failure, item) },
    ...begun,
  }));
}

/** Objects of a restore that are too large to be handed over; `null` stands for them. */
const OBJECT_BYTES_MAX = 1024 * 1024;

/** The objects of a call of a restore, sealed for a plugin that has a key. */
async function sealedObjects(
  deps: Dependencies,
  input: PluginCallInput,
  {
    lines = [],
    publicKey,
  }: Pick<PlannedCall, 'lines'> & { readonly publicKey: string | undefined },
): Promise<Pick<ItemsCall, 'sealedObjects'>> {
  if (publicKey === undefined || lines.length === 0) {
    return {};
  }
  const store = deps.store(input.location);
  const { spec } = await readRestorePlan(store, input);
  const { signal } = new AbortController();
  const objects = new Map<string, unknown>();
  const wanted = lines.filter(({ bodyLength }) => bodyLength <= OBJECT_BYTES_MAX);
  const archiveKey = backupKeys(spec.backupName).archive;
  for await (const { line, object } of readBodies(store, { archiveKey, lines: wanted, signal })) {
    objects.set(itemText(line), object);
  }
  const texts = JSON.stringify(lines.map((line) => objects.get(itemText(line)) ?? null));
  return { sealedObjects: seal(Buffer.from(texts), publicKey).toString('base64') };
}

async function readCall({ store }: Dependencies, input: PluginCallInput): Promise<PlannedCall> {
  const key = pluginCallKey(runFolder(input), input);
  // The object under this key was written by `planPluginCalls` of the same run.
  return (await readJsonGz(store(input.location), key)) as PlannedCall;
}
