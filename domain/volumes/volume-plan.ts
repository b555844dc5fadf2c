import type { VolumeVerification } from '../backup.ts';
import type { PodHooks } from '../hooks/backup-hooks.ts';
import type { HookPod } from '../hooks/freeze.ts';
import { compareText } from '../compare-text.ts';
import type { VolumeCoverage } from '../coverage.ts';
import type { ClaimFacts } from './volume-facts.ts';

/** Volumes of one batch; a child workflow handles each batch. */
export const BATCH_VOLUMES_MAX = 50;

/** A volume that a backup copies, as it was planned. */
export interface PlannedVolume extends Pick<
  VolumeCoverage,
  'namespace' | 'pod' | 'volume' | 'claim' | 'persistentVolume' | 'source'
> {
  /** Its number in the run. */
  readonly index: number;
  /** Left out for a volume that a pod has of its own. */
  readonly claimUid?: string;
}

/** A pod with hooks in a batch of a backup's volumes. */
export interface HookedPod extends PodHooks {
  readonly pod: HookPod;
  /** The volumes that are copied between its pre and its post hooks, by their numbers in the run. */
  readonly volumes: readonly number[];
}

/** Volumes of a run that are handled together, as they are stored while it is under way. */
export interface VolumeBatch<Volume extends PlannedVolume = PlannedVolume> {
  /** The cluster, by the name that its workers serve. */
  readonly cluster: string;
  readonly volumes: readonly Volume[];
}

/** Volumes that a backup copies. */
export interface CopyBatch extends VolumeBatch {
  /** Whose repositories they go to. */
  readonly clusterUid: string;
  readonly verification: VolumeVerification;
  /** Pods with hooks; none in a batch of an earlier release. */
  readonly pods?: readonly HookedPod[];
}

/** The volumes of a coverage report that are copied from their file system, numbered; those of a pod are neighbours. */
export function planVolumes(
  rows: readonly VolumeCoverage[],
  claims: readonly ClaimFacts[],
): PlannedVolume[] {
  const uids = new Map(claims.map((claim) => [`${claim.namespace}/${claim.name}`, claim.uid]));
  return rows
    .filter(({ action, reason }) => action === 'fs-backup' && reason === undefined)
    .sort(
      (left, right) =>
        compareText(left.namespace, right.namespace) || compareText(left.pod, right.pod),
    )
    .map(({ namespace, pod, volume, claim, persistentVolume, source }, index) => ({
      ...{ index, namespace, source },
      ...(pod === undefined ? {} : { pod }),
      ...(volume === undefined ? {} : { volume }),
      ...(persistentVolume === undefined ? {} : { persistentVolume }),
      ...(claim === undefined ? {} : { claim, claimUid: uids.get(`${namespace}/${claim}`) ?? '' }),
    }));
}

/** How many volumes are in a batch of a plan, by its number; all but the last one are full. */
export function batchSize(total: number, batch: number): number {
  return Math.max(0, Math.min(BATCH_VOLUMES_MAX, total - batch * BATCH_VOLUMES_MAX));
}

/** Cuts a plan into batches, in its order. */
export function volumeBatches<Volume extends PlannedVolume>(
  volumes: readonly Volume[],
): Volume[][] {
  const count = Math.ceil(volumes.length / BATCH_VOLUMES_MAX);
  return Array.from({ length: count }, (_, batch) =>
    volumes.slice(batch * BATCH_VOLUMES_MAX, (batch + 1) * BATCH_VOLUMES_MAX),
  );
}
