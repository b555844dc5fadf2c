import type { IndexLine } from '../backup-index.ts';
import type { RestoreSpec } from '../restore.ts';
import type { OwnerCycles } from './owner-order.ts';
import type { CopiedVolumes } from '../volumes/restored-volumes.ts';
import type { RestoreRules } from './restore-rules.ts';
import type { RegisteredPlugin } from '../plugins/plugin.ts';

/** Items of one shard of a restore, while that keeps the number of shards under its limit. */
const SHARD_ITEMS = 1000;
/** Shards of one restore: bounds its history. */
const SHARDS_MAX = 250;
/** Shard numbers of a wave begin at its position times this. */
const SHARDS_OF_WAVE_MAX = 1000;
/** From here on they are of what plugins add before the wave. */
const ADDED_SHARDS = 500;

/** Number of the shard of items that were put aside; above those of all waves, of which there are fewer than a million. */
export const DEFERRED_SHARD = 1_000_000_000;

/** The plan of a restore, as it is stored while the run is under way; the items of its shards lie beside it. */
export interface RestorePlan {
  readonly spec: RestoreSpec;
  readonly rules: RestoreRules;
  readonly items: number;
  /** Names of the persistent volumes that are restored as they were, so that their claims keep to them. */
  readonly keptVolumes: readonly string[];
  /** Uids of the restores that are tried again; left out where none is. */
  readonly triedRuns?: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Custom resources that own each other in a circle, which no order can satisfy. */
  readonly cycles: OwnerCycles;
  /** Items that are so far below their owners that they are applied together with some of them. */
  readonly tooDeep: number;
  /** Types that wait for an APIService of the backup, which is applied last. */
  readonly aggregated: readonly string[];
  /** Left out by a Holdfast that restored no data of volumes. */
  readonly volumes?: CopiedVolumes;
  /** Registered plugins with actions for restores; left out where there are none. */
  readonly plugins?: readonly RegisteredPlugin[];
}

/** Items of the backup that a restore does not bring back, counted by reason and type. */
export interface LeftOut {
  readonly reason: string;
  /** `deployments.apps`; left out where the reason says nothing about types. */
  readonly type?: string;
  readonly items: number;
}

/** What a request does that wants the Holdfast of the backup back. */
export const NAME_OWN = 'name its namespace, or its type with the group, to restore it';

/** Why items of a backup are left out. */
export const LEFT_OUT_REASONS = {
  notSelected: 'the request does not select it',
  notRestorable: 'no restore touches objects of this type',
  holdfast: `it is part of Holdfast itself; ${NAME_OWN}`,
  definition: 'no restored object is of the type that it defines',
  volume: 'the volume is provisioned anew for its claim',
  otherVersion: 'it is restored in another version',
  dealtWith: 'the restore that is tried again has dealt with it',
  notReached: 'the restore ended before it',
} as const;

export type LeftOutReason = keyof typeof LEFT_OUT_REASONS;

export function restoreShardItems(items: number): number {
  return Math.max(SHARD_ITEMS, Math.ceil(items / SHARDS_MAX));
}

export function firstShardOf(wave: number): number {
  return wave * SHARDS_OF_WAVE_MAX;
}

/** The first shard of what plugins add before the wave of a shard of the plan. */
export function firstAddedShardOf(shard: number): number {
  return firstShardOf(waveOf(shard)) + ADDED_SHARDS;
}

/** Whether a shard is of what plugins add. */
export function isAddedShard(shard: number): boolean {
  return shard % SHARDS_OF_WAVE_MAX >= ADDED_SHARDS;
}

/** The wave of a shard; numbers of later waves are higher. What is added before a wave comes in waves of its own. */
export function waveOf(shard: number): number {
  const wave = Math.floor(shard / SHARDS_OF_WAVE_MAX);
  const inWave = shard % SHARDS_OF_WAVE_MAX;
  return isAddedShard(shard) ? wave - 1 + inWave / SHARDS_OF_WAVE_MAX : wave;
}

/**
 * Stands in a shard for a namespace that the backup has an object of, and does not hold itself. It has no body in
 * the archive; it is created with nothing but its name, as Velero does.
 */
export function bareNamespaceLine(item: IndexLine): IndexLine {
  const { namespace: name, member } = item;
  return {
    ...{ group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace' },
    ...{ namespace: '', name, uid: '', member, bodyOffset: 0, bodyLength: 0, sha256: '' },
  };
}

export function isBareNamespace(line: IndexLine): boolean {
  return line.bodyLength === 0;
}
