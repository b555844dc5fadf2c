import type { BackupProblems, BackupResult, BackupSpec } from '../domain/backup.ts';
import type { PreviewResult } from '../domain/coverage.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { RestoreEnding } from '../domain/restore-result.ts';
import type { RestoreResult, RestoreSpec } from '../domain/restore.ts';
import type { ArchiveProof } from '../domain/stored-run.ts';

/**
 * The activities of a cluster's workers. All may be run twice, at the same time even, and leave the same world.
 * All throw `ApplicationFailure` with a type of `domain/failure.ts` and a failure report as its only detail. Those
 * that may take longer than 30 s send a heartbeat every 2 s with their progress and stop when they are cancelled.
 * Inputs and results stay under 64 KiB and carry references, counts and hashes.
 */
export interface ClusterActivities {
  /**
   * Checks the request against cluster and location and claims the name in the bucket. An earlier claim of the
   * same run counts as success; a claim or record of the same spec is `existing`, of another one `refused`.
   */
  openBackup(input: OpenBackupInput): Promise<OpenResult>;
  /**
   * Discovers what is served, counts, and stores the plan: shards of about equal cost. The spec is the one of the
   * claim, here and later. Heartbeats.
   */
  planBackup(input: BackupRun): Promise<PlanBackupResult>;
  /** Exports, publishes and reads back a backup that is small enough for one activity. Heartbeats. */
  writeSmallBackup(input: BackupRun): Promise<VerifiedBackup>;
  /** Writes one shard under a key of its own. Heartbeats. */
  exportShard(input: ExportShardInput): Promise<WrittenShard>;
  /** Writes one more shard: what the objects of the others refer to. Heartbeats. */
  exportRelated(input: ExportRelatedInput): Promise<WrittenShard>;
  /** Joins the shards into archive and index, adopting an archive that an earlier attempt published. Heartbeats. */
  assembleBackup(input: AssembleInput): Promise<AssembleResult>;
  /**
   * Reads the whole archive again, compares it with the index, and stores what the backup holds of what it should
   * hold. Throws IntegrityMismatch. Heartbeats.
   */
  verifyBackup(input: VerifyInput): Promise<VerifiedBackup>;
  /** Says what a backup would hold, and writes nothing. Throws what the open step refuses. Heartbeats. */
  previewBackup(input: PreviewInput): Promise<PreviewResult>;
  /**
   * Writes the last files and then the record, which makes the backup exist, and reads the record back. Throws
   * Conflict when another run has taken the name, and writes nothing then.
   */
  commitBackup(input: CommitBackupInput): Promise<void>;
  /** Removes what an ended or failed run no longer needs. Heartbeats. */
  cleanBackup(input: CleanInput): Promise<void>;

  /**
   * Reads the backup's record and index, checks cluster and request, and claims the restore's name, like
   * `openBackup`. The claim holds the spec, which the later activities read there.
   */
  openRestore(input: OpenRestoreInput): Promise<OpenResult>;
  /** Turns the backup's index into waves of shards and stores them. Throws `nothing-selected`. Heartbeats. */
  planRestore(input: RestoreRun): Promise<PlanRestoreResult>;
  /**
   * Applies shards one after the other, and waits for what a later one needs of it. An item that fails is an outcome
   * and no failure. An attempt that fails or is cancelled stores the outcomes that it had. Heartbeats.
   */
  applyShards(input: ApplyShardsInput): Promise<ApplyShardsResult>;
  /**
   * Writes the report, and last the result, which ends the restore. What unfinished shards did is in it, as far as
   * their attempts stored it. Heartbeats.
   */
  finishRestore(input: FinishRestoreInput): Promise<RestoreResult>;
  cleanRestore(input: CleanInput): Promise<void>;

  /**
   * Removes an ended run's files: the record first, and last the claim, which says whose files they are. A claim or
   * record of another run means that the name was taken again, and nothing of that run is removed. Heartbeats.
   */
  deleteRun(input: DeleteRunInput): Promise<DeleteRunResult>;
}

/** A run, to each of its activities. */
interface Run {
  readonly location: string;
  readonly name: string;
  /** The workflow's run id. */
  readonly runUid: string;
}

/** A backup after its open step; the spec is in the claim. */
export type BackupRun = Run;

/** A restore after its open step; the spec is in the claim. */
export type RestoreRun = Run;

export interface OpenBackupInput extends Run {
  readonly spec: BackupSpec;
  readonly specDigest: string;
  readonly startTimestamp: string;
}

export interface OpenRestoreInput extends Run {
  readonly spec: RestoreSpec;
  readonly specDigest: string;
  readonly startTimestamp: string;
}

export type OpenResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'existing' }
  | { readonly kind: 'refused'; readonly failure: FailureReport };

export interface PlanBackupResult {
  /** What was counted; the items of small backups are counted as they are written, and this is an estimate. */
  readonly items: number;
  /** Number of shards; their units are in the stored plan. 0 means: small enough for `writeSmallBackup`. */
  readonly shards: number;
  /** Whether objects are taken because others refer to them. */
  readonly hasRelated: boolean;
}

export interface ExportShardInput extends BackupRun {
  readonly shard: number;
}

export interface ExportRelatedInput extends BackupRun {
  readonly shards: readonly ShardReference[];
}

/** A shard of a run, to read what was stored beside it. */
export interface ShardReference {
  readonly shard: number;
  /** The part of its keys that no other attempt has. */
  readonly attempt: string;
}

export interface WrittenShard extends ShardReference {
  readonly items: number;
  /** Of the shard's part of the archive, and of its part of the index. */
  readonly bytes: number;
  readonly indexBytes: number;
}

export interface AssembleInput extends BackupRun {
  readonly shards: readonly WrittenShard[];
}

export interface AssembleResult {
  readonly items: number;
  readonly sizeBytes: number;
}

export interface VerifyInput extends BackupRun {
  readonly items: number;
  readonly shards: readonly ShardReference[];
}

export interface VerifiedBackup {
  readonly archive: ArchiveProof;
  /** What could not be taken, and what should be known about what was. */
  readonly problems: BackupProblems;
}

export interface PreviewInput {
  readonly spec: BackupSpec;
}

export interface CommitBackupInput extends BackupRun {
  readonly result: BackupResult;
  readonly archive?: ArchiveProof;
}

export interface CleanInput extends Run {
  /**
   * What goes: what is kept while the run is under way; of a run that failed, its files too; of a run that never
   * was opened, its claim as well. Only what belongs to this run is removed.
   */
  readonly scope: 'work' | 'files' | 'claim';
}

export interface PlanRestoreResult {
  readonly items: number;
  /** Waves in their order; each is a list of shards that may be applied at the same time. */
  readonly waves: readonly RestoreWave[];
  /** Part of the keys of the shards' item lists. */
  readonly attempt: string;
}

export interface RestoreWave {
  readonly name: string;
  readonly items: number;
  readonly firstShard: number;
  readonly shards: number;
}

export interface ApplyShardsInput extends RestoreRun {
  readonly planAttempt: string;
  /** Applied one after the other; the gate of its wave is awaited after each. */
  readonly shards: readonly number[];
}

export interface ApplyShardsResult {
  readonly shards: readonly AppliedShard[];
}

export interface AppliedShard {
  readonly shard: number;
  readonly attempt: string;
  readonly items: number;
}

export interface FinishRestoreInput extends RestoreRun {
  /** The shards that ended; of the others the outcomes are found in the location. */
  readonly shards: readonly AppliedShard[];
  readonly ending: RestoreEnding;
  readonly completionTimestamp: string;
}

export interface DeleteRunInput extends Run {
  readonly kind: 'Backup' | 'Restore';
}

export interface DeleteRunResult {
  readonly objects: number;
}
