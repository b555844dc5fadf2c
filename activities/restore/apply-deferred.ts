import { setTimeout as sleep } from 'node:timers/promises';

import type { IndexLine } from '../../domain/backup-index.ts';
import { recordTime } from '../../domain/duration.ts';
import { groupResource, itemText } from '../../domain/item.ts';
import { restoreFolder, shardItemsKey, shardOutcomesKey } from '../../domain/object-key.ts';
import {
  type DeferredItem,
  DeferredItems,
  ENDED_EARLY,
} from '../../domain/restore/deferred-items.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { DEFERRED_SHARD, isAddedShard, waveOf } from '../../domain/restore/restore-plan.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { newAttempt } from '../attempt.ts';
import type { AppliedShard, ApplyDeferredInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import { readRestoreActions } from '../plugins/restore-actions.ts';
import {
  applyBody,
  applyContext,
  CREATES_IN_FLIGHT,
  dueOf,
  readLines,
  requireDefinitions,
} from './apply-bodies.ts';
import { tellOutcomes } from '../run-log/tell-outcomes.ts';
import type { ApplyContext } from './apply-object.ts';
import { AwaitedItems } from './awaited-items.ts';
import { ServedTypes } from './served-types.ts';
import { bodiesOf } from './shard-lines.ts';

const ROUND_PAUSE_MS = 1000;
/** Why an item that was put aside waits no longer. */
const TIME_OVER = 'it was tried again until the resourceTimeout of the restore was over';

/** See `ClusterActivities.applyDeferred`. */
export function applyDeferred(
  deps: Dependencies,
  input: ApplyDeferredInput,
): Promise<AppliedShard> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const applied = await applyContext(deps, input, long);
    const items = await readDeferred(store, input, applied);
    const lines = items.pendingOf(undefined).map(({ line }) => line);
    const actions = await readRestoreActions(
      store,
      { run: input, rounds: input.plugins ?? [] },
      lines,
    );
    const context = { ...applied, actions, isLate: true };
    const attempt = newAttempt();
    const { name, runUid } = input;
    const shard = DEFERRED_SHARD;
    const key = shardOutcomesKey(restoreFolder(name), { runUid, shard, attempt });
    try {
      await settleAll({ items, store, context, long });
    } catch (error) {
      // If the location fails as well, the first failure says more.
      await writeJsonGz(store, key, items.outcomes(ENDED_EARLY)).catch(() => undefined);
      throw error;
    }
    const outcomes = items.outcomes(TIME_OVER);
    await writeJsonGz(store, key, outcomes);
    tellOutcomes(outcomes);
    return { shard, attempt, items: outcomes.length, ...dueOf(outcomes), deferred: 0 };
  });
}

interface Pass {
  readonly items: DeferredItems;
  readonly store: ObjectStore;
  readonly context: ApplyContext;
  readonly long: LongWork;
}

/** The items that shards have put aside. */
async function readDeferred(
  store: ObjectStore,
  { name, runUid, planAttempt, shards }: ApplyDeferredInput,
  { spec, signal }: ApplyContext,
): Promise<DeferredItems> {
  const folder = restoreFolder(name);
  const deferred: DeferredItem[] = [];
  for (const { shard, attempt, planAttempt: own = planAttempt } of shards) {
    const itemsKey = shardItemsKey(folder, { runUid, shard, attempt: own });
    const lines = await readLines(store, itemsKey, signal);
    const outcomesKey = shardOutcomesKey(folder, { runUid, shard, attempt });
    // The object under this key was written by `applyShards` of the same run.
    const outcomes = (await readJsonGz(store, outcomesKey)) as readonly AppliedItem[];
    const putAside = new Map(
      outcomes.filter((one) => one.isPutAside).map((one) => [itemText(one), one.reason ?? '']),
    );
    for (const line of lines) {
      const item = targetItem(line, spec);
      const reason = putAside.get(itemText(item));
      if (reason !== undefined) {
        const { version, kind } = line;
        const added = isAddedShard(shard) ? { isAdded: true as const } : {};
        const outcome: AppliedItem = { ...item, version, kind, verb: 'failed', reason, ...added };
        deferred.push({ line, wave: waveOf(shard), outcome });
      }
    }
  }
  return new DeferredItems(deferred);
}

/** Goes through what waits, round by round, until nothing does or the time is over; everything is tried once then. */
async function settleAll(pass: Pass): Promise<void> {
  const { items, context, long } = pass;
  const until = long.waitedFor?.deadline ?? recordTime(Date.now() + context.resourceTimeoutMs);
  while (items.size > 0) {
    const isLast = Date.now() >= Date.parse(until);
    const endWait = long.wait({ reason: waitWords(items), deadline: until });
    try {
      const before = items.size;
      await settleRound(pass, isLast);
      if (isLast) {
        return;
      }
      if (items.size === before) {
        await sleep(ROUND_PAUSE_MS, undefined, { signal: long.signal });
      }
    } finally {
      endWait();
    }
  }
}

function waitWords(items: DeferredItems): string {
  const first = items.first === undefined ? '' : itemText(items.first.line);
  return `${String(items.size)} items were put aside and are tried again, the first is ${first}`;
}

async function settleRound(pass: Pass, isLast: boolean): Promise<void> {
  const { items, long } = pass;
  // What is served, and what fails, is found out anew in each round.
  const { cluster, spec } = pass.context;
  const context = {
    ...pass.context,
    served: new ServedTypes(cluster, long.signal),
    awaited: new AwaitedItems(cluster, spec),
    failingTypes: new Set(items.pendingOf(undefined).map(({ line }) => groupResource(line))),
  };
  for (const wave of items.waves) {
    const round = { ...pass, context };
    await tryAll(round, isLast ? items.pendingOf(wave) : items.probesOf(wave));
    await tryAll(round, isLast ? [] : items.openOf(wave));
    items.revise(await requireDefinitions(context, long, items.settled));
  }
}

async function tryAll(
  { items, store, context, long }: Pass,
  tried: readonly DeferredItem[],
): Promise<void> {
  const byLine = new Map(tried.map((item) => [item.line, item]));
  const bodies = bodiesOf(store, [...byLine.keys()].sort(byOffset), context);
  await forEachInPool(bodies, CREATES_IN_FLIGHT, async (body) => {
    const item = byLine.get(body.line);
    const applied = await applyBody(body, context);
    if (item !== undefined) {
      const { isAdded } = item.outcome;
      const outcome = { ...applied.outcome, ...(isAdded === undefined ? {} : { isAdded }) };
      items.note(item, { ...applied, outcome });
    }
    if (applied.ending !== undefined) {
      throw applied.ending;
    }
    long.report({ itemsDone: items.settled.length, bytesDone: 0 });
  });
}

/** Neighbours in the archive are read together. */
function byOffset(left: IndexLine, right: IndexLine): number {
  return left.member.offset - right.member.offset || left.bodyOffset - right.bodyOffset;
}
