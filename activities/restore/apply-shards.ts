import { createHash, randomBytes } from 'node:crypto';

import type { IndexLine } from '../../domain/backup-index.ts';
import type { RestoreMarks } from '../../domain/clean-object.ts';
import type { ItemReference, ResourceType } from '../../domain/item.ts';
import { labelValue } from '../../domain/label-value.ts';
import {
  backupKeys,
  restoreFolder,
  shardItemsKey,
  shardOutcomesKey,
} from '../../domain/object-key.ts';
import type { RestoreOutcome } from '../../domain/restore-outcome.ts';
import { mappedNamespace, NO_RESTORE_COUNTS, type RestoreCounts } from '../../domain/restore.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { AppliedShard, ApplyShardsInput, ApplyShardsResult, RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import { applyObject, type ApplyContext } from './apply-object.ts';
import { awaitGate } from './gates.ts';

/** Objects that one activity creates at the same time. */
const CREATES_IN_FLIGHT = 24;
const ATTEMPT_BYTES = 6;

/** See `ClusterActivities.applyShards`. */
export function applyShards(
  deps: Dependencies,
  input: ApplyShardsInput,
): Promise<ApplyShardsResult> {
  return withHeartbeat(async (long) => {
    const shards: AppliedShard[] = [];
    let itemsDone = 0;
    for (const shard of input.shards) {
      const applied = await applyShard(deps, { input, shard, long, itemsBefore: itemsDone });
      itemsDone += applied.items;
      shards.push(applied.shard);
    }
    return { shards };
  });
}

interface ShardWork {
  readonly input: ApplyShardsInput;
  readonly shard: number;
  readonly long: LongWork;
  readonly itemsBefore: number;
}

async function applyShard(
  deps: Dependencies,
  { input, shard, long, itemsBefore }: ShardWork,
): Promise<{ shard: AppliedShard; items: number }> {
  const { signal, report } = long;
  const store = deps.store(input.location);
  const folder = restoreFolder(input.name);
  const lines: IndexLine[] = [];
  const itemsKey = shardItemsKey(folder, {
    runUid: input.runUid,
    shard,
    attempt: input.planAttempt,
  });
  for await (const batch of readIndex(store, itemsKey, { signal })) {
    lines.push(...batch);
  }
  const context: ApplyContext = {
    cluster: deps.cluster,
    spec: input.spec,
    marks: marksOf(input),
    signal,
  };
  const outcomes: RestoreOutcome[] = [];
  const bodies = readBodies(store, {
    archiveKey: backupKeys(input.spec.backupName).archive,
    lines,
    signal,
  });
  await forEachInPool(bodies, CREATES_IN_FLIGHT, async ({ line, object }) => {
    const type = typeOf(line);
    const applied = await applyObject(type, object, context);
    outcomes.push({
      ...referenceOf(line, input),
      version: line.version,
      kind: line.kind,
      ...applied,
    });
    report({ itemsDone: itemsBefore + outcomes.length, bytesDone: 0 });
  });
  for (const outcome of outcomes.filter(({ verb }) => verb === 'created')) {
    await awaitGate(deps.cluster, { type: typeOf(outcome), item: outcome }, signal);
  }
  const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
  const outcomesKey = shardOutcomesKey(folder, { runUid: input.runUid, shard, attempt });
  await writeJsonGz(store, outcomesKey, outcomes);
  return { shard: { shard, attempt, counts: countsOf(outcomes) }, items: outcomes.length };
}

function marksOf({ name, runUid, spec }: RestoreRun): RestoreMarks {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    backupLabel: labelValue(spec.backupName, sha256),
    restoreLabel: labelValue(name, sha256),
    runUid,
  };
}

/** The item as it is in the cluster, where its namespace may have another name. */
function referenceOf(line: IndexLine, { spec }: RestoreRun): ItemReference {
  const isNamespace = line.group === '' && line.resource === 'namespaces';
  return {
    group: line.group,
    resource: line.resource,
    namespace: line.namespace === '' ? '' : mappedNamespace(spec, line.namespace),
    name: isNamespace ? mappedNamespace(spec, line.name) : line.name,
  };
}

function typeOf(line: ItemReference & { version: string; kind: string }): ResourceType {
  const { group, version, resource, kind } = line;
  return { group, version, resource, kind, isNamespaced: line.namespace !== '' };
}

function countsOf(outcomes: readonly RestoreOutcome[]): RestoreCounts {
  const counts = { ...NO_RESTORE_COUNTS };
  for (const { verb } of outcomes) {
    counts[verb] += 1;
  }
  return counts;
}
