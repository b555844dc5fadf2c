import type { BackupProblems, BackupResult, BackupSpec } from '../domain/backup.ts';
import type { PreviewResult } from '../domain/coverage.ts';
import type { FailureReport } from '../domain/failure.ts';
import type {
  PreviewRestoreInput,
  PreviewRestoreResult,
} from '../domain/restore/restore-preview.ts';
import type { RestoreEnding } from '../domain/restore/restore-result.ts';
import type { RestoreResult, RestoreSpec } from '../domain/restore.ts';
import type { RunReference } from '../domain/run-reference.ts';
import type { PhaseChange } from '../domain/run-status.ts';
import type { ArchiveProof } from '../domain/stored-run.ts';
import type { PlannedOperations, PluginRound, PluginRunActivities } from './plugin-run-contract.ts';
import type { DiagnosisActivities } from './diagnosis-contract.ts';
import type { HookActivities } from './hook-contract.ts';
import type { ReconcileActivities } from './reconcile-contract.ts';
import type { RetentionActivities } from './schedule-contract.ts';
import type { RestoreHookActivities, RunHooks } from './restore-hook-contract.ts';
import type { PluginRegistryActivities } from './plugin-contract.ts';
import type { RepositoryActivities } from './repository-contract.ts';
import type { VolumeActivities } from './volume-contract.ts';

/**
 * The activities of a cluster's workers. All may be run twice, at the same time even, and leave the same world.
 * All throw `ApplicationFailure` with a type of `domain/failure.ts` and a failure report as its only detail. Those
 * that may take longer than 30 s send a heartbeat every 2 s with their progress and stop when they are cancelled.
 * Inputs and results stay under 64 KiB and carry references, counts and hashes.
 */
export interface ClusterActivities
  extends
    RepositoryActivities,
    VolumeActivities,
    HookActivities,
    RestoreHookActivities,
    PluginRunActivities,
    PluginRegistryActivities,
    RetentionActivities,
    ReconcileActivities,
    DiagnosisActivities {
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
   * `openBackup`. The claim holds the spec, which the later activities read there. Keeps the mappings and modifiers
   * that ConfigMaps hold at this moment: the later activities use these.
   */
  openRestore(input: OpenRestoreInput): Promise<OpenResult>;
  /**
   * Says what a restore would do with each item, and writes nothing. The answer tells of objects, and is sealed for who
   * asked. Throws what the open step and the plan refuse. Heartbeats.
   */
  previewRestore(input: PreviewRestoreInput): Promise<PreviewRestoreResult>;
  /**
   * Throws `plan-changed` when a restore that is bound to a plan would do something else; nothing is written by then,
   * nor by this. Heartbeats.
   */
  checkPlan(input: RestoreRun): Promise<void>;
  /**
   * Turns the backup's index into waves of shards and stores them. Throws `nothing-selected` and, with each type,
   * `type-not-served`. Heartbeats.
   */
  planRestore(input: RestoreRun): Promise<PlanRestoreResult>;
  /**
   * Applies shards one after the other, and waits for what a later one needs of it. An item that fails is an outcome
   * and no failure; one that may do better later has no outcome yet, and is put aside. An attempt that fails or is
   * cancelled stores the outcomes that it had. Heartbeats.
   */
  applyShards(input: ApplyShardsInput): Promise<ApplyShardsResult>;
  /**
   * Tries again what was put aside, because a webhook or an aggregated API did not answer or because it was being
   * deleted, until `spec.resourceTimeout` is over. Its outcomes are those of one more shard; each item has one. An
   * attempt that fails or is cancelled stores the outcomes that it had, and why the rest was put aside. Heartbeats.
   */
  applyDeferred(input: ApplyDeferredInput): Promise<AppliedShard>;
  /**
   * Gives restored objects their owners again, by the uids that those have in the cluster; references whose owner is
   * not there stay away, and the report says so. An object that has its owners is left alone, as is one that neither
   * this restore nor one that it tries again has written. Where a webhook or an aggregated API does not answer, objects
   * are tried again until the restore's `resourceTimeout` is over. Heartbeats.
   */
  relinkOwners(input: RelinkOwnersInput): Promise<RelinkedOwners>;
  /**
   * Writes the report, and last the result, which ends the restore. What unfinished shards did is in it, as far as
   * their attempts stored it. Heartbeats.
   */
  finishRestore(input: FinishRestoreInput): Promise<RestoreResult>;
  /** Removes what a restore needed while it ran, or its claim too when it was refused. May be repeated. */
  cleanRestore(input: CleanInput): Promise<void>;

  /**
   * Removes an ended run's files: the record first, and last the claim, which says whose files they are. A claim or
   * record of another run means that the name was taken again, and nothing of that run is removed. Heartbeats. Throws
   * `location-read-only`.
   */
  deleteRun(input: DeleteRunInput): Promise<DeleteRunResult>;

  /**
   * Notes that the deletion of a backup begins, before anything of it goes; nobody can restore, hold or extend it any more.
   * Heartbeats. Throws `location-read-only`, `held`, `object-locked`, `still-running` where a restore reads it, and `precondition-failed`
   * where its time was to be over and it was extended.
   */
  beginDeletion(input: BeginDeletionInput): Promise<void>;
}

/** A backup after its open step; the spec is in the claim. */
export type BackupRun = RunReference;

/** A restore after its open step; the spec is in the claim. */
export type RestoreRun = RunReference;

export interface OpenBackupInput extends RunReference, TakenOver {
  readonly spec: BackupSpec;
  readonly specDigest: string;
  readonly startTimestamp: string;
}

export interface OpenRestoreInput extends RunReference, TakenOver {
  readonly spec: RestoreSpec;
  readonly specDigest: string;
  readonly startTimestamp: string;
}

export interface TakenOver {
  /** Uid of the run that had the name and was cut off, when its plugins were told to end what they had begun for it. */
  readonly endedUid?: string;
}

export type OpenResult =
  | {
      readonly kind: 'accepted';
      /** Somebody may want to be notified of the run. */
      readonly hasEndpoints?: true;
    }
  | { readonly kind: 'existing' }
  | { readonly kind: 'refused'; readonly failure: FailureReport }
  | LeftRun;

/** A run that had the name was cut off, and had asked plugins: these have to be told before its name is taken over. */
export interface LeftRun {
  readonly kind: 'left';
  readonly runUid: string;
  readonly cluster: string;
}

export interface PlanBackupResult {
  /** What was counted; the items of small backups are counted as they are written, and this is an estimate. */
  readonly items: number;
  /** Number of shards; their units are in the stored plan. 0 means: small enough for `writeSmallBackup`. */
  readonly shards: number;
  /** Whether objects are taken because others refer to them. */
  readonly hasRelated: boolean;
  /** Whether there are objects that may have volumes. */
  readonly hasVolumes: boolean;
  /** Whether plugins are asked about the objects. */
  readonly hasPlugins?: true;
}

/** What plugins were asked about the objects of a run; left out where none was. */
export interface AskedPlugins {
  readonly plugins?: readonly PluginRound[];
}

export interface ExportShardInput extends BackupRun, AskedPlugins {
  readonly shard: number;
}

export interface ExportRelatedInput extends BackupRun, AskedPlugins {
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
  /** What could not be taken; left out where there is nothing. */
  readonly errors?: number;
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
  /** Volumes are copied beside; which of them are missing is told when their copies have ended. */
  readonly hasVolumes?: true;
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
  /** Phases of the run, for its log; left out by runs of earlier releases. */
  readonly phases?: readonly PhaseChange[];
}

export interface CleanInput extends RunReference {
  /**
   * What goes: what is kept while the run is under way; of a run that failed, its files too; of a run that never
   * was opened, its claim as well. Only what belongs to this run is removed.
   */
  readonly scope: 'work' | 'files' | 'claim';
  /** What plugins were asked stays, so that the deletion of the run has them end what they have begun. */
  readonly keepsPlugins?: true;
}

export interface PlanRestoreResult {
  readonly items: number;
  /** Waves in their order; each is a list of shards that may be applied at the same time. */
  readonly waves: readonly RestoreWave[];
  /** Part of the keys of the shards' item lists. */
  readonly attempt: string;
  /** Present if the backup has data of claims: the first shard that comes after it was written. */
  readonly claimsFirst?: number;
  /** Whether the backup has data of volumes that pods have of their own. */
  readonly hasPodVolumes?: true;
}

export interface RestoreWave {
  readonly name: string;
  readonly items: number;
  readonly firstShard: number;
  readonly shards: number;
  /** Whether plugins are asked about items of the wave, when those before it are applied. */
  readonly hasPlugins?: true;
}

export interface ApplyShardsInput extends RestoreRun, AskedPlugins {
  readonly planAttempt: string;
  /** Applied one after the other; the gate of its wave is awaited after each. */
  readonly shards: readonly number[];
  /** Items of earlier shards were put aside. */
  readonly hasDeferred?: true;
}

export interface ApplyDeferredInput extends RestoreRun, AskedPlugins {
  /** That of the shards that name none. */
  readonly planAttempt: string;
  /** The shards that have put items aside. */
  readonly shards: readonly PlannedShard[];
}

/** A shard of a restore, and the part of the keys of its plan; left out where it is that of the restore itself. */
interface PlannedShard extends ShardReference {
  readonly planAttempt?: string;
}

export interface ApplyShardsResult {
  readonly shards: readonly AppliedShard[];
}

export interface AppliedShard extends PlannedShard {
  /** Items that were not put aside. */
  readonly items: number;
  /** Items that have owners in the backup, and were written by this restore or perhaps by one that it tries again. */
  readonly owned: number;
  /** Pods that were made and in which hooks are run; left out when there are none. */
  readonly hooked?: number;
  /** Items that failed; left out where there are none. */
  readonly failed?: number;
  /** Items that are put aside for `applyDeferred`, each stored with what failed for now. */
  readonly deferred: number;
}

export interface RelinkOwnersInput extends RestoreRun {
  /** The shards with items that may get owners. */
  readonly shards: readonly AppliedShard[];
}

export interface RelinkedOwners {
  /** Part of the key of what the report has to say of it. */
  readonly attempt: string;
  /** Items whose owner references were set now. */
  readonly linked: number;
}

export interface FinishRestoreInput extends RestoreRun {
  /** The shards that ended; of the others the outcomes are found in the location. */
  readonly shards: readonly AppliedShard[];
  /** Batches of volumes whose data was to be written; left out where there were none. */
  readonly volumeBatches?: number;
  /** Left out when nothing was relinked, or when that did not end. */
  readonly relinkAttempt?: string;
  /** Left out when no hooks were to be run, or when that was not planned to its end. */
  readonly hooks?: RunHooks;
  /** What plugins were asked, and the operations that were waited for; left out when none was. */
  readonly plugins?: {
    readonly rounds: readonly PluginRound[];
    readonly operations?: PlannedOperations;
    /** Operations that may go on, though nobody waits for them. */
    readonly notCancelled: readonly FailureReport[];
  };
  readonly ending: RestoreEnding;
  readonly completionTimestamp: string;
  /** Phases of the run, for its log; left out by runs of earlier releases. */
  readonly phases?: readonly PhaseChange[];
}

export interface DeleteRunInput extends RunReference {
  readonly kind: 'Backup' | 'Restore';
}

export interface BeginDeletionInput extends RunReference {
  /** Whether the backup is deleted only because its time is over. */
  readonly isExpiry?: boolean;
}

export interface DeleteRunResult {
  readonly objects: number;
}
