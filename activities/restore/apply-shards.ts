import { createHash, randomBytes } from 'node:crypto';

import type { IndexLine } from '../../domain/backup-index.ts';
import type { RestoreMarks } from '../../domain/clean-object.ts';
import {
  groupResource,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { labelValue } from '../../domain/label-value.ts';
import {
  backupKeys,
  restoreFolder,
  shardItemsKey,
  shardOutcomesKey,
} from '../../domain/object-key.ts';
import type { RestoreOutcome } from '../../domain/restore-outcome.ts';
import { isBareNamespace } from '../../domain/restore-plan.ts';
import { DEFINITION_TYPE } from '../../domain/restore-selection.ts';
import { mappedNamespace, type RestoreSpec } from '../../domain/restore.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { type ReadBody, readBodies } from '../../storage/format/read-bodies.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { AppliedShard, ApplyShardsInput, ApplyShardsResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { forEachInPool } from '../in-pool.ts';
import { applyObject, type ApplyContext } from './apply-object.ts';
import { awaitDefinitions } from './gates.ts';
import { readRestorePlan } from './restore-run.ts';
import { ServedTypes } from './served-types.ts';

/** Objects that one activity creates at the same time. */
const CREATES_IN_FLIGHT = 24;
/** How long the definitions of a shard may take until their types are served, as in Velero. */
const ESTABLISHED_WAIT_MS = 600_000;
const ATTEMPT_BYTES = 6;

export interface ApplyLimits {
  readonly establishedWaitMs: number;
}

/** See `ClusterActivities.applyShards`. */
export function applyShards(
  deps: Dependencies,
  input: ApplyShardsInput,
  limits: ApplyLimits = { establishedWaitMs: ESTABLISHED_WAIT_MS },
): Promise<ApplyShardsResult> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const { spec, keptVolumes } = await readRestorePlan(store, input);
    const context: ApplyContext = {
      cluster: deps.cluster,
      spec,
      marks: marksOf(input, spec),
      keptVolumes: new Set(keptVolumes),
      served: new ServedTypes(deps.cluster, long.signal),
      failingTypes: new Set(),
      signal: long.signal,
    };
    const shards: AppliedShard[] = [];
    let itemsBefore = 0;
    for (const shard of input.shards) {
      const applied = await applyShard(input, { store, context, shard, long, itemsBefore, limits });
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
  readonly limits: ApplyLimits;
}

/** Applies one shard; its outcomes are stored even when the attempt fails or is cancelled on the way. */
async function applyShard(input: ApplyShardsInput, work: ShardWork): Promise<AppliedShard> {
  const { store, shard } = work;
  const { name, runUid } = input;
  const outcomes: RestoreOutcome[] = [];
  const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
  const key = shardOutcomesKey(restoreFolder(name), { runUid, shard, attempt });
  try {
    await applyItems(input, work, outcomes);
    await requireDefinitions(work, outcomes);
  } catch (error) {
    // If the location fails as well, the first failure says more.
    await writeJsonGz(store, key, outcomes).catch(() => undefined);
    throw error;
  }
  await writeJsonGz(store, key, outcomes);
  return { shard, attempt, items: outcomes.length };
}

async function applyItems(
  input: ApplyShardsInput,
  { store, context, shard, long, itemsBefore }: ShardWork,
  outcomes: RestoreOutcome[],
): Promise<void> {
  const { name, runUid, planAttempt: attempt } = input;
  const itemsKey = shardItemsKey(restoreFolder(name), { runUid, shard, attempt });
  const lines: IndexLine[] = [];
  for await (const batch of readIndex(store, itemsKey, { signal: long.signal })) {
    lines.push(...batch);
  }
  const bodies = bodiesOf(store, lines, context);
  await forEachInPool(bodies, CREATES_IN_FLIGHT, async ({ line, object }) => {
    const applied = await applyObject(typeOf(line), object, context);
    const { version, kind } = line;
    outcomes.push({ ...referenceOf(line, context.spec), version, kind, ...applied });
    long.report({ itemsDone: itemsBefore + outcomes.length, bytesDone: 0 });
  });
}

/** The objects of a shard: namespaces that only their content asks for, then what the archive holds. */
async function* bodiesOf(
  store: ObjectStore,
  lines: readonly IndexLine[],
  { spec, signal }: ApplyContext,
): AsyncGenerator<ReadBody> {
  for (const line of lines.filter(isBareNamespace)) {
    const object: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: line.name },
    };
    yield { line, object };
  }
  const stored = lines.filter((line) => !isBareNamespace(line));
  yield* readBodies(store, {
    archiveKey: backupKeys(spec.backupName).archive,
    lines: stored,
    signal,
  });
}

/** A definition that does not become established is a failed item, and no reason to keep the others waiting. */
async function requireDefinitions(
  { context, limits, long }: ShardWork,
  outcomes: RestoreOutcome[],
): Promise<void> {
  const present = outcomes.filter(
    (outcome) => groupResource(outcome) === DEFINITION_TYPE && outcome.verb !== 'failed',
  );
  const waiting = await awaitDefinitions(
    context.cluster,
    present.map(({ name }) => name),
    { waitMs: limits.establishedWaitMs, signal: long.signal },
  );
  for (const [index, outcome] of outcomes.entries()) {
    const reason = present.includes(outcome) ? waiting.get(outcome.name) : undefined;
    if (reason !== undefined) {
      outcomes[index] = { ...outcome, verb: 'failed', reason: `timed-out: ${reason}` };
    }
  }
}

function marksOf({ name, runUid }: ApplyShardsInput, spec: RestoreSpec): RestoreMarks {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    backupLabel: labelValue(spec.backupName, sha256),
    restoreLabel: labelValue(name, sha256),
    runUid,
  };
}

/** The item as it is in the cluster, where its namespace may have another name. */
function referenceOf(line: IndexLine, spec: RestoreSpec): ItemReference {
  const isNamespace = groupResource(line) === 'namespaces';
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
