import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { BackupSpec } from '../domain/backup.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { LeftOperations } from '../domain/plugins/left-operations.ts';
import type { CloudEvent } from '../domain/notifications/event.ts';
import type { RetryPlan } from '../domain/notifications/retry-plan.ts';
import type { PluginSpec } from '../domain/plugins/plugin.ts';
import type { PluginLook, StoredPlugin } from '../domain/plugins/registry.ts';
import type { RestoreSpec } from '../domain/restore.ts';
import type { StoredSchedule } from '../domain/schedules/schedule.ts';
import type { LeaseAnswer, LeaseRequest, LeaseTable } from '../domain/volumes/lease-table.ts';
import type { MaintenanceState } from '../domain/volumes/maintenance-plan.ts';
import type { RepositoryRules } from '../domain/volumes/repository-rules.ts';
import type { RepositoryStatus } from '../domain/volumes/repository-status.ts';
import type { RepositoryKey } from '../domain/workflow-id.ts';
import type { KindReference } from '../domain/run-reference.ts';
import type { OperationsStatus, RunStatus, VolumeProgress } from '../domain/run-status.ts';
import type {
  AskedShards,
  PlannedOperations,
  PluginRound,
  StoredAnswer,
  UncancelledBatches,
} from '../activities/plugin-run-contract.ts';
import type { PlanRetentionInput } from '../activities/schedule-contract.ts';
import type { ListPluginsResult, RemovePluginResult } from '../activities/plugin-contract.ts';
import type { VolumeRun } from '../activities/volume-contract.ts';

/** Names under which the workflows are registered. */
export const BACKUP_WORKFLOW = 'backup';
export const BACKUP_VOLUMES_WORKFLOW = 'backupVolumes';
export const RESTORE_WORKFLOW = 'restore';
export const RESTORE_VOLUMES_WORKFLOW = 'restoreVolumes';
export const DELETE_WORKFLOW = 'delete';
export const PREVIEW_WORKFLOW = 'preview';
/** Its input is `PreviewRestoreInput` of the domain. */
export const PREVIEW_RESTORE_WORKFLOW = 'previewRestore';
/** Its input is `PluginRegistryInput`, and its answer that of the verb. */
export const PLUGIN_REGISTRY_WORKFLOW = 'pluginRegistry';
/** Its input is `DiagnoseInput`, and its answer `ClusterFacts` of the domain. */
export const DIAGNOSE_WORKFLOW = 'diagnose';
export const REPOSITORY_WORKFLOW = 'repository';
export const PLUGIN_ITEMS_WORKFLOW = 'pluginItems';
export const PLUGIN_OPERATIONS_WORKFLOW = 'pluginOperations';
export const PLUGIN_CANCEL_WORKFLOW = 'cancelPluginOperations';
export const NOTIFY_WORKFLOW = 'notify';
/** Its result is `Delivered` of the activity. */
export const DELIVER_NOTIFICATION_WORKFLOW = 'deliverNotification';
export const FREEZE_GUARD_WORKFLOW = 'freezeGuard';
export const SCHEDULED_BACKUP_WORKFLOW = 'scheduledBackup';
export const EXPIRE_BACKUPS_WORKFLOW = 'expireBackups';
/** Its result is `FoundOrphans` of the domain. */
export const RECONCILE_WORKFLOW = 'reconcile';

/** How long a step keeps trying when a server does not answer, unless the input says otherwise. */
export const PATIENCE_MS = 30 * 60_000;

interface RunInput<Spec> {
  readonly location: string;
  readonly name: string;
  readonly spec: Spec;
  /** Sha256 of the spec's canonical JSON, hexadecimal: tells a repeated request from another one. */
  readonly specDigest: string;
  /** How long a step keeps trying when a server does not answer, in milliseconds; `PATIENCE_MS` if left out. */
  readonly patienceMs?: number;
}

/** At most 64 KiB as JSON. The run's uid is the workflow's run id. */
export type BackupInput = RunInput<BackupSpec>;
export type RestoreInput = RunInput<RestoreSpec>;

/** One batch of the volumes of a run. */
export interface VolumesInput {
  readonly run: VolumeRun;
  readonly batch: number;
  readonly cluster: string;
  readonly patienceMs?: number;
}

/** A run whose plugins are asked, or told. What a workflow has handed on to itself is left out at first. */
export interface PluginCancelInput {
  readonly run: KindReference;
  readonly cluster: string;
  readonly patienceMs?: number;
  /** See `PlanOperationsInput`. */
  readonly isRegisteredOnly?: true;
}

/** At most 64 KiB as JSON. */
export interface PluginItemsInput extends PluginCancelInput {
  /** Of a restore: the shards that are applied next. */
  readonly shards?: AskedShards;
  readonly rounds?: readonly PluginRound[];
  /** The next call of the last round. */
  readonly next?: number;
  /** Of the calls that were made. */
  readonly counts?: StoredAnswer;
  /** Names of plugins that the run has waited for in vain. */
  readonly away?: readonly string[];
}

export interface PluginItemsResult {
  readonly rounds: readonly PluginRound[];
  /** Operations that plugins began, and that are waited for. */
  readonly operations: number;
  /** Items for which an action failed, and may have begun an operation. */
  readonly voids: number;
  readonly errors: number;
  /** Whether plugins added items that may have volumes. */
  readonly addsVolumes?: true;
  /** Names of plugins that were waited for in vain; left out where all were there. */
  readonly away?: readonly string[];
}

/** How far a workflow is that goes through batches of operations; it continues as new when its history has become long. */
export interface BatchesDone {
  readonly planned: PlannedOperations;
  /** Batches that are done. */
  readonly done: number;
}

export interface PluginOperationsInput extends PluginCancelInput {
  readonly rounds: readonly PluginRound[];
  /** When operations that run count as failed, RFC 3339. */
  readonly deadline: string;
  readonly handedOn?: EndedOperations & {
    readonly waited: BatchesDone;
    /** Batches before those that are left which are still waited for; left out where there are none. */
    readonly open?: readonly OpenBatch[];
    readonly voids?: BatchesDone;
  };
}

/** A batch of which an operation runs. */
export interface OpenBatch {
  readonly batch: number;
  /** The last pause before the plugin was asked again; 0 where it was not. */
  readonly pauseMs: number;
}

/** What became of the operations that a run waited for. */
export interface EndedOperations {
  readonly completed: number;
  readonly failed: number;
  /** What could not be cancelled. */
  readonly left: readonly LeftOperations[];
}

export interface PluginOperationsResult {
  readonly planned: PlannedOperations;
  readonly completed: number;
  readonly failed: number;
  /** Operations that may go on, though nobody waits for them. */
  readonly notCancelled: readonly FailureReport[];
  /** Those of them that failed calls may have begun; left out where there are none. */
  readonly uncancelled?: UncancelledBatches;
}

export interface PluginCancelOperationsInput extends PluginCancelInput {
  readonly handedOn?: BatchesDone & { readonly left: readonly LeftOperations[] };
}

/** What of the operations of a run could not be ended. */
export interface PluginCancelResult {
  readonly failures: readonly FailureReport[];
  /** How many may go on. */
  readonly operations: number;
  /** Nothing could be found out: whatever plugins have begun may go on. */
  readonly isUnknown?: true;
}

/** A pod that a backup freezes, and until when. */
export interface FreezeGuardInput {
  readonly cluster: string;
  readonly podUid: string;
  /** The run that freezes it; what another one has frozen is none of the guard's. */
  readonly runUid: string;
  /** The pod for people: `shop/db`. */
  readonly name: string;
  readonly thawAfterMs: number;
  readonly patienceMs?: number;
}

/** What is told to the endpoints of a cluster. */
export interface NotifyInput {
  readonly cluster: string;
  readonly event: CloudEvent;
}

export interface NotifyResult {
  /** How many endpoints the event is delivered to; each has a workflow of its own for that. */
  readonly endpoints: number;
}

export interface DeliverInput extends NotifyInput {
  readonly endpoint: string;
  readonly plan: RetryPlan;
  /** Somebody waits for the answer; nothing is given up when it fails. */
  readonly isTest?: true;
}

export interface DeleteInput {
  readonly kind: 'Backup' | 'Restore';
  readonly location: string;
  readonly name: string;
  /** The run that is deleted; a later run of the name is left alone. */
  readonly runUid: string;
  readonly cluster: string;
  /** Whether the backup is deleted only because its time is over. */
  readonly isExpiry?: boolean;
  readonly patienceMs?: number;
  /** What plugins were told before the workflow continued as new. */
  readonly handedOn?: BatchesDone;
}

export interface PreviewInput {
  /** Of the backup that is not made. */
  readonly name: string;
  readonly spec: BackupSpec;
}

/** What is asked of the registry of the plugins of a cluster. */
export type PluginRegistryInput = { readonly cluster: string } & (
  | { readonly verb: 'register'; readonly name: string; readonly spec: PluginSpec }
  | { readonly verb: 'get'; readonly name: string }
  | { readonly verb: 'remove'; readonly name: string }
  | { readonly verb: 'list' }
);

/** What the registry answers, by verb. */
export interface PluginRegistryAnswers {
  readonly register: StoredPlugin;
  readonly get: PluginLook;
  readonly list: ListPluginsResult;
  readonly remove: RemovePluginResult;
}

/** The cluster whose worker and agents are asked how they are. */
export interface DiagnoseInput {
  readonly cluster: string;
}

export interface DeleteResult {
  readonly objects: number;
}

/** What a schedule starts; at most 64 KiB as JSON. */
export interface ScheduledBackupInput {
  readonly stored: StoredSchedule;
  /** See `BackupInput`; of the template with the name of the schedule. */
  readonly specDigest: string;
  readonly patienceMs?: number;
  /** Where users reach the API; what is shown in Temporal has no links without it. */
  readonly publicUrl?: string;
}

export interface ExpireBackupsInput extends PlanRetentionInput {
  readonly patienceMs?: number;
}

export interface ExpireBackupsResult {
  readonly kept: number;
  readonly deleted: number;
  readonly failed: number;
  /** Names of the locations that could not be looked at; left out when there are none. */
  readonly unread?: readonly string[];
}

export interface ReconcileInput {
  readonly location: string;
  readonly cluster: string;
  /** Kept in the memo too. */
  readonly removal: 'None' | 'All';
  readonly patienceMs?: number;
}

export interface RepositoryInput extends RepositoryKey {
  /** Whose workers look after the repository. */
  readonly cluster: string;
  readonly rules?: Partial<RepositoryRules>;
  /** What the run before this one hands on. */
  readonly state?: RepositoryState;
}

/** At most 64 KiB as JSON. */
interface RepositoryState {
  readonly table: LeaseTable;
  /** When a lease was asked for or ended last, in milliseconds since 1970. */
  readonly changedMs: number;
  readonly maintenance: MaintenanceState;
}

/** What the open step says: the run goes on, or the name belongs to an earlier run, or the request is refused. */
export type OpenAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'existing' }
  | { readonly kind: 'refused'; readonly failure: FailureReport };

/** Answered when the open step has ended; the API sends it together with the start. */
export const openUpdate = defineUpdate<OpenAnswer>('open');

/** Where the run is; costs no history. */
export const runStatusQuery = defineQuery<RunStatus>('runStatus');

/**
 * Asks a repository for a lease; sent together with its start, by an activity. The answer comes at once, and leaves no
 * trace in the history when the ask is a repeated one: it is then the detail of a refusal of type `LEASE_KNOWN`.
 */
export const acquireLeaseUpdate = defineUpdate<LeaseAnswer, [LeaseRequest]>('acquireLease');
export const LEASE_KNOWN = 'LeaseKnown';

/** Gives a lease back, by its id; also one that waits, or that was never asked for. */
export const releaseLeaseSignal = defineSignal<[string]>('releaseLease');

/** Tells a holder that a lease which it waits for is its own now. */
export const leaseGrantedSignal = defineSignal<[LeaseGrant]>('leaseGranted');

export interface LeaseGrant {
  readonly leaseId: string;
  readonly namespace: string;
  readonly epoch: number;
}

/** Tells the guard of a freeze that its pod was thawed. */
export const thawedSignal = defineSignal('thawed');

/** Who uses a repository, and who waits for it. */
export const repositoryStatusQuery = defineQuery<RepositoryStatus>('repositoryStatus');
/** Where the volumes of a batch are; costs no history. */
export const volumesStatusQuery = defineQuery<readonly VolumeProgress[]>('volumesStatus');

/** How many operations of plugins have ended; costs no history. */
export const operationsStatusQuery = defineQuery<OperationsStatus>('operationsStatus');

/** Kept in the memo of every run, so that a name can be compared without asking the run. */
export interface RunMemo {
  readonly specDigest: string;
  readonly spec: BackupSpec | RestoreSpec | Record<string, never>;
}

/** Search attributes; where they are not registered, runs go on without them. */
export const SEARCH_ATTRIBUTES = {
  kind: defineSearchAttributeKey('HoldfastKind', 'KEYWORD'),
  name: defineSearchAttributeKey('HoldfastName', 'KEYWORD'),
  cluster: defineSearchAttributeKey('HoldfastCluster', 'KEYWORD'),
  phase: defineSearchAttributeKey('HoldfastPhase', 'KEYWORD'),
} as const;
