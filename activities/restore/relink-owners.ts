import { setTimeout as sleep } from 'node:timers/promises';

import { recordTime } from '../../domain/duration.ts';
import { groupResource, itemText } from '../../domain/item.ts';
import { relinkNotesKey, restoreFolder, shardOutcomesKey } from '../../domain/object-key.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { resourceTimeoutMs } from '../../domain/restore.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import type { RelinkedOwners, RelinkOwnersInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import type { RelinkNote } from './outcome-files.ts';
import { RelinkPass } from './relink-pass.ts';
import { readRestorePlan } from './restore-run.ts';

/** Objects that are looked at and changed at the same time. */
const CHANGES_IN_FLIGHT = 16;
const ROUND_PAUSE_MS = 1000;
/** Why an item waits no longer. */
const TIME_OVER = 'it was tried again until the resourceTimeout of the restore was over';

/** See `ClusterActivities.relinkOwners`. */
export function relinkOwners(
  deps: Dependencies,
  input: RelinkOwnersInput,
): Promise<RelinkedOwners> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const folder = restoreFolder(input.name);
    const { runUid } = input;
    const plan = await readRestorePlan(store, input);
    const relinkAttempt = newAttempt();
    const progress: Progress = { linked: 0, itemsDone: 0 };
    const unfinished: ShardOwners[] = [];
    const newPass = (): RelinkPass => new RelinkPass(deps.cluster, { plan, runUid });
    const write = ({ shard, notes }: ShardOwners): Promise<void> =>
      writeJsonGz(store, relinkNotesKey(folder, { runUid, shard, attempt: relinkAttempt }), notes);
    for (const { shard, attempt } of input.shards) {
      // The object under this key was written by `applyShards` of the same run.
      const outcomes = (await readJsonGz(
        store,
        shardOutcomesKey(folder, { runUid, shard, attempt }),
      )) as AppliedItem[];
      const work: ShardOwners = { shard, notes: [], waiting: owned(outcomes) };
      // Owners are looked up anew for each shard: what was found long ago may have been made anew since.
      await relinkShard(work, { pass: newPass(), long, progress });
      await (work.waiting.length === 0 ? write(work) : unfinished.push(work));
    }
    const timeoutMs = resourceTimeoutMs(plan.spec);
    await relinkRest(unfinished, { newPass, long, progress, timeoutMs });
    for (const work of unfinished) {
      await write(work);
    }
    return { attempt: relinkAttempt, linked: progress.linked };
  });
}

interface Progress {
  linked: number;
  itemsDone: number;
}

/** The items of one shard that may get owners. */
interface ShardOwners {
  readonly shard: number;
  /** What there is to say of those that are done. */
  readonly notes: RelinkNote[];
  waiting: readonly Waiting[];
}

/** An item that is still to be given its owners, and what was last said against that. */
interface Waiting {
  readonly item: AppliedItem;
  readonly reason: string;
}

function owned(outcomes: readonly AppliedItem[]): Waiting[] {
  return outcomes
    .filter(({ owners, verb }) => owners !== undefined && verb !== 'failed')
    .map((item) => ({ item, reason: '' }));
}

interface Round {
  readonly pass: RelinkPass;
  readonly long: LongWork;
  readonly progress: Progress;
}

/**
 * Tries each waiting item of a shard once. When what serves or admits one of them is away, the others of its type and
 * namespace wait without a question, since each could take as long as a webhook's timeout.
 */
async function relinkShard(work: ShardOwners, { pass, long, progress }: Round): Promise<void> {
  const away = new Map<string, string>();
  const waiting: Waiting[] = [];
  await forEachInPool(streamOf(work.waiting), CHANGES_IN_FLIGHT, async ({ item }) => {
    long.signal.throwIfAborted();
    const group = `${groupResource(item)} ${item.namespace}`;
    const awayReason = away.get(group);
    if (awayReason !== undefined) {
      waiting.push({ item, reason: awayReason });
      return;
    }
    const { isChanged, note, isPassing, isAway } = await pass.relink(item);
    if (isAway === true) {
      away.set(group, note?.reason ?? '');
    }
    if (isPassing === true) {
      waiting.push({ item, reason: note?.reason ?? '' });
      return;
    }
    progress.linked += isChanged ? 1 : 0;
    progress.itemsDone += 1;
    if (note !== undefined) {
      work.notes.push({ item: itemText(item), ...note });
    }
    long.report({ itemsDone: progress.itemsDone, bytesDone: 0 });
  });
  work.waiting = waiting;
}

async function* streamOf<Element>(elements: readonly Element[]): AsyncGenerator<Element> {
  for (const element of elements) {
    yield await Promise.resolve(element);
  }
}

interface Rest extends Omit<Round, 'pass'> {
  readonly newPass: () => RelinkPass;
  readonly timeoutMs: number;
}

/** Goes through what waits, round by round, until nothing does or the time is over; what still waits then has failed. */
async function relinkRest(
  works: readonly ShardOwners[],
  { newPass, long, progress, timeoutMs }: Rest,
): Promise<void> {
  const until = long.waitedFor?.deadline ?? recordTime(Date.now() + timeoutMs);
  for (;;) {
    const waiting = works.flatMap((work) => work.waiting);
    const [first] = waiting;
    if (first === undefined || Date.now() >= Date.parse(until)) {
      break;
    }
    const reason = waitWords(waiting.length, first);
    const endWait = long.wait({ reason, deadline: until });
    try {
      await sleep(ROUND_PAUSE_MS, undefined, { signal: long.signal });
      const pass = newPass();
      for (const work of works) {
        await relinkShard(work, { pass, long, progress });
      }
    } finally {
      endWait();
    }
  }
  for (const { notes, waiting } of works) {
    for (const { item, reason } of waiting) {
      const change = { verb: 'failed' } as const;
      notes.push({ item: itemText(item), reason: `${reason}; ${TIME_OVER}`, change });
    }
  }
}

function waitWords(items: number, { item }: Waiting): string {
  return `${String(items)} items are still to be given their owners, the first is ${itemText(item)}`;
}
