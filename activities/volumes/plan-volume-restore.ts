import pLimit from 'p-limit';

import { groupResource } from '../../domain/item.ts';
import {
  failedClaimsKey,
  leftVolumesKey,
  restoreFolder,
  shardOutcomesKey,
  volumeBatchKey,
} from '../../domain/object-key.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { mappedNamespace, type RestoreSpec } from '../../domain/restore.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import {
  type LeftVolume,
  type RestoredVolume,
  restoredVolume,
} from '../../domain/volumes/restored-volumes.ts';
import { type VolumeBatch, volumeBatches } from '../../domain/volumes/volume-plan.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readRestorePlan } from '../restore/restore-run.ts';
import type { PlanVolumeRestoreInput, PlanVolumesResult } from '../volume-contract.ts';
import { dataOf } from './claims.ts';
import { readCopyRecords } from './copy-records.ts';

/** Claims that are looked at at the same time. */
const LOOKS_IN_FLIGHT = 8;
const STAGE_TYPES = { claims: CLAIMS, pods: 'pods' } as const;

/** See `VolumeActivities.planVolumeRestore`. */
export function planVolumeRestore(
  deps: Dependencies,
  input: PlanVolumeRestoreInput,
): Promise<PlanVolumesResult> {
  return withHeartbeat(async ({ signal }) => {
    const { name, runUid, stage, firstBatch } = input;
    const store = deps.store(input.location);
    const { spec } = await readRestorePlan(store, input);
    const records = await readCopyRecords(store, spec.backupName);
    const made = await madeItems(store, input, signal);
    const ofStage = records.filter(({ claim }) => (claim !== undefined) === (stage === 'claims'));
    const outcomes = ofStage.map((record) => ({
      record,
      outcome: made.get(targetOf(record, spec)),
    }));
    const sorted = await pLimit(LOOKS_IN_FLIGHT).map(outcomes, async (one) =>
      isMade(one.outcome) ? 'chosen' : leftOrChosen(deps, one, { input, spec, signal }),
    );
    const chosen = outcomes.flatMap(({ record }, at) => (sorted[at] === 'chosen' ? record : []));
    const left = sorted.flatMap((one) => (one === 'chosen' || one === undefined ? [] : one));
    await writeJsonGz(store, leftVolumesKey(restoreFolder(name), runUid, stage), left);
    if (stage === 'claims') {
      // A claim that was put aside may be made later, and would be an empty one.
      const failed = left.filter(({ isFailed }) => isFailed).map((volume) => volume.name);
      await writeJsonGz(store, failedClaimsKey(restoreFolder(name), runUid), failed);
    }
    // Numbers go on where those of the other stage end.
    const offset = firstBatch * NUMBERS_OF_BATCH;
    const volumes = chosen.map((record, index) =>
      restoredVolume(record, { index: offset + index, spec }),
    );
    const batches = volumeBatches(volumes);
    for (const [batch, part] of batches.entries()) {
      const key = volumeBatchKey(restoreFolder(name), { runUid, batch: firstBatch + batch });
      await writeJsonGz(store, key, {
        cluster: spec.cluster,
        volumes: part,
      } satisfies VolumeBatch<RestoredVolume>);
    }
    return { volumes: volumes.length, batches: batches.length };
  });
}

/** A volume of the backup, and what became in this restore of what it belongs to. */
interface Considered {
  readonly record: CopyRecord;
  readonly outcome: AppliedItem | undefined;
}

/**
 * Decides about a volume whose claim or pod this restore has not made: a claim that an earlier restore made and could not
 * fill is filled now. Undefined for what this restore was not asked for.
 */
async function leftOrChosen(
  deps: Dependencies,
  { record, outcome }: Considered,
  {
    input,
    spec,
    signal,
  }: {
    readonly input: PlanVolumeRestoreInput;
    readonly spec: RestoreSpec;
    readonly signal: AbortSignal;
  },
): Promise<'chosen' | LeftVolume | undefined> {
  const namespace = mapped(record, spec);
  const name = volumeName({ ...record, namespace });
  const isFailed = outcome?.verb === 'failed';
  // A retry does not take items up again that were restored, such as claims whose data could not be written.
  const isAsked = outcome !== undefined || spec.retryOf !== undefined;
  if (isAsked && !isFailed && record.claim !== undefined) {
    const claim = { namespace, name: record.claim };
    const data = await dataOf(deps, claim, { run: input, signal });
    if (data !== 'Settled') {
      return data === 'Pending' ? 'chosen' : { name, isFailed: true, isBusy: true };
    }
  }
  return outcome === undefined ? undefined : { name, isFailed };
}

/** Numbers of volumes that one batch may have. */
const NUMBERS_OF_BATCH = 100;

/** What became of claims, or of pods, by namespace and name in the cluster. */
async function madeItems(
  store: ObjectStore,
  { name, runUid, shards, stage }: PlanVolumeRestoreInput,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AppliedItem>> {
  const made = new Map<string, AppliedItem>();
  for (const { shard, attempt } of shards) {
    signal.throwIfAborted();
    const key = shardOutcomesKey(restoreFolder(name), { runUid, shard, attempt });
    // The object under this key was written by the attempt of `applyShards` that the shard names.
    const outcomes = (await readJsonGz(store, key)) as readonly AppliedItem[];
    for (const outcome of outcomes.filter((one) => groupResource(one) === STAGE_TYPES[stage])) {
      made.set(`${outcome.namespace}/${outcome.name}`, outcome);
    }
  }
  return made;
}

function targetOf(record: CopyRecord, spec: RestoreSpec): string {
  return `${mapped(record, spec)}/${record.claim ?? record.pod ?? ''}`;
}

function mapped({ namespace }: CopyRecord, spec: RestoreSpec): string {
  return mappedNamespace(spec, namespace);
}

/** Only what the restore has made is fresh, so that nothing of it can be lost. */
function isMade(outcome: AppliedItem | undefined): boolean {
  return outcome?.verb === 'created' || outcome?.verb === 'recreated';
}
