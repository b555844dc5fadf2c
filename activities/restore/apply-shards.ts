import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource } from '../../domain/item.ts';
import { restoreFolder, shardItemsKey, shardOutcomesKey } from '../../domain/object-key.ts';
import { isAddedShard } from '../../domain/restore/restore-plan.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { newAttempt } from '../attempt.ts';
import type { AppliedShard, ApplyShardsInput, ApplyShardsResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import {
  applyBody,
  applyContext,
  CREATES_IN_FLIGHT,
  dueOf,
  readLines,
  requireDefinitions,
} from './apply-bodies.ts';
import { readRestoreActions } from '../plugins/restore-actions.ts';
import type { ApplyContext } from './apply-object.ts';
import { tellOutcomes } from '../run-log/tell-outcomes.ts';
import { AwaitedItems } from './awaited-items.ts';
import { bodiesOf } from './shard-lines.ts';

/** See `ClusterActivities.applyShards`. */
export function applyShards(
  deps: Dependencies,
  input: ApplyShardsInput,
): Promise<ApplyShardsResult> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const context = await applyContext(deps, input, long);
    const shards: AppliedShard[] = [];
    const awayGroups = new Map<string, string>();
    let itemsBefore = 0;
    for (const shard of input.shards) {
      const hasDeferred = input.hasDeferred === true || shards.some(({ deferred }) => deferred > 0);
      const work = { store, context, shard, long, itemsBefore, hasDeferred, awayGroups };
      const applied = await applyShard(input, work);
      itemsBefore += applied.items;
      shards.push(applied);
    }
    return { shards };
  });
}

interface ShardWork {
  readonly store: ObjectStore;
  readonly context: ApplyContext;
  readonly shard: number;
  readonly long: LongWork;
  readonly itemsBefore: number;
  /** Whether items of earlier shards were put aside. */
  readonly hasDeferred: boolean;
  /**
   * Types in namespaces of which an object was put aside because what serves or admits it is away, and what was said of
   * it. The others of them are put aside without a question: those that it would let through are applied later as well.
   */
  readonly awayGroups: Map<string, string>;
}

/** Applies one shard; its outcomes are stored even when the attempt fails or is cancelled on the way. */
async function applyShard(input: ApplyShardsInput, work: ShardWork): Promise<AppliedShard> {
  const { store, shard, context, long } = work;
  const { name, runUid } = input;
  const outcomes: AppliedItem[] = [];
  const attempt = newAttempt();
  const key = shardOutcomesKey(restoreFolder(name), { runUid, shard, attempt });
  try {
    const deferred = await applyItems(input, work, outcomes);
    const judged = await requireDefinitions(context, long, outcomes);
    await writeJsonGz(store, key, judged);
    tellOutcomes(judged);
    const items = judged.length - deferred;
    return { shard, attempt, items, ...dueOf(judged), deferred };
  } catch (error) {
    // If the location fails as well, the first failure says more.
    await writeJsonGz(store, key, outcomes).catch(() => undefined);
    throw error;
  }
}

/** Applies the items of a shard; gives how many were put aside. */
async function applyItems(
  input: ApplyShardsInput,
  { store, context, shard, long, itemsBefore, hasDeferred, awayGroups }: ShardWork,
  outcomes: AppliedItem[],
): Promise<number> {
  const { name, runUid, planAttempt: attempt } = input;
  const itemsKey = shardItemsKey(restoreFolder(name), { runUid, shard, attempt });
  const lines = await readLines(store, itemsKey, long.signal);
  const actions = await readRestoreActions(
    store,
    { run: input, rounds: input.plugins ?? [] },
    lines,
  );
  const bodies = bodiesOf(store, lines, context);
  const own = { ...context, actions, awaited: new AwaitedItems(context.cluster, context.spec) };
  const added = isAddedShard(shard) ? { isAdded: true as const } : {};
  let deferred = 0;
  await forEachInPool(bodies, CREATES_IN_FLIGHT, async (body) => {
    const group = groupOf(body.line);
    const away = awayGroups.get(group);
    if (away !== undefined) {
      deferred += 1;
      outcomes.push({ ...unasked(body.line, away, context), ...added });
      return;
    }
    const { outcome, isPassing, isAway, ending } = await applyBody(body, own);
    if (isAway) {
      awayGroups.set(group, outcome.reason ?? '');
    }
    // What fails after something was put aside may fail for want of it.
    const isPutAside = isPassing || (outcome.verb === 'failed' && (hasDeferred || deferred > 0));
    deferred += isPutAside ? 1 : 0;
    outcomes.push({ ...outcome, ...added, ...(isPutAside ? { isPutAside } : {}) });
    if (ending !== undefined) {
      throw ending;
    }
    long.report({ itemsDone: itemsBefore + outcomes.length - deferred, bytesDone: 0 });
  });
  return deferred;
}

/** An item of which nobody was asked, for what was said of another one of its type and namespace. */
function unasked(line: IndexLine, away: string, { spec }: ApplyContext): AppliedItem {
  const { version, kind } = line;
  const reason = `it was not tried after another ${kind} of its namespace: ${away}`;
  return { ...targetItem(line, spec), version, kind, verb: 'failed', reason, isPutAside: true };
}

function groupOf(line: IndexLine): string {
  return `${groupResource(line)} ${line.namespace}`;
}
