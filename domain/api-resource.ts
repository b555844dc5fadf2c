/**
 * What the API sends and takes, for its schemas and for whoever calls it. Times are RFC 3339 in UTC, sizes are
 * bytes, durations are Go strings.
 */
import type { PodHookReport } from './hooks/hook-report.ts';
import type { HooksSummary } from './hooks/hook-run.ts';
import type { BackupProblems, BackupSpec } from './backup.ts';
import type { Condition } from './condition.ts';
import type { CoverageReport } from './coverage.ts';
import type { Hold } from './hold.ts';
import type { FailureCode, FailureReport, FieldError } from './failure.ts';
import type { Phase } from './phase.ts';
import type { PluginDescription } from './plugins/contract.ts';
import type { PluginSpec } from './plugins/plugin.ts';
import type { PluginHealth } from './plugins/registry.ts';
import type { OwnerCycles } from './restore/owner-order.ts';
import type { LeftOut } from './restore/restore-plan.ts';
import type { RestorePlanReport } from './restore/restore-preview.ts';
import type { NewRunMetadata, RunMetadata, Texts } from './run-metadata.ts';
import type { OverlapPolicy, ScheduleSpec } from './schedules/schedule.ts';
import type { RestoreCounts, RestoreSpec } from './restore.ts';
import type { RunStep, RunWait, VolumeProgress } from './run-status.ts';

export const API_BASE = '/api/v1';
export const API_VERSION = 'holdfast.dev/v1';

export interface ResourceMeta {
  readonly name: string;
  /** The run's uid; its Temporal run id. */
  readonly uid: string;
  readonly location: string;
  readonly creationTimestamp: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** Of an ended run: uid of the namespace `kube-system` of its cluster; left out where nobody has noted it. */
  readonly clusterUid?: string;
}

export interface BackupResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Backup';
  readonly metadata: ResourceMeta;
  readonly spec: BackupSpec;
  readonly status: RunResourceStatus & {
    readonly archive?: {
      readonly sizeBytes: number;
      readonly sha256: string;
      readonly verification: string;
    };
    readonly expiration?: string;
    /** Somebody holds it: nothing deletes it. */
    readonly hold?: Hold;
    /** Of an ended backup: hooks of pods that were run; left out where there were none. */
    readonly hooks?: HooksSummary;
    /** What the numbers of errors and warnings stand for, each with its type as the subject. */
    readonly problems?: BackupProblems;
  };
}

export interface RestoreResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Restore';
  readonly metadata: ResourceMeta;
  readonly spec: RestoreSpec;
  readonly status: RunResourceStatus &
    RestoreDetails & {
      readonly counts?: RestoreCounts;
      /** Of an ended restore: hooks of pods that were run; left out where there were none. */
      readonly hooks?: HooksSummary;
    };
}

/** What an ended restore says beside its counts; in lists it does not. */
export interface RestoreDetails {
  /** Items of the backup that were not restored, by reason and type. */
  readonly leftOut?: readonly LeftOut[];
  /** Custom resources that own each other in a circle; left out when there are none. */
  readonly cycles?: OwnerCycles;
  /** Custom resources that were applied together with some of their owners; left out when there are none. */
  readonly tooDeep?: number;
  /** Volumes that did not get their data, each with the reason, the first 100; left out when there are none. */
  readonly failedVolumes?: readonly FailureReport[];
}

/** Body of `POST /backups/{name}:extend`: one of the two. */
export interface ExtendBackupRequest {
  /** From now on; a Go duration. */
  readonly ttl?: string;
  /** RFC 3339. */
  readonly expiration?: string;
}

/** Answer of `POST /backups?dryRun=All`. */
export interface BackupPreview {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'BackupPreview';
  readonly metadata: { readonly name: string; readonly location: string };
  readonly coverage: CoverageReport;
}

/** Answer of `GET /backups/{name}/hooks`. */
export interface BackupHookList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'BackupHookList';
  readonly items: readonly PodHookReport[];
}

/** Answer of `GET /restores/{name}/hooks`. */
export interface RestoreHookList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'RestoreHookList';
  readonly items: readonly PodHookReport[];
}

/** Answer of `POST /restores?dryRun=All`. */
export interface RestorePreview {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'RestorePreview';
  readonly metadata: { readonly name: string; readonly location: string };
  readonly plan: RestorePlanReport;
}

export type RunResource = BackupResource | RestoreResource;

export interface RunResourceStatus {
  readonly phase: Phase;
  /** `Succeeded` alone. */
  readonly conditions?: readonly Condition[];
  /** The step under way; left out when the run has ended. */
  readonly step?: RunStep;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly progress: {
    readonly itemsDone: number;
    readonly itemsTotal: number;
    /** Since the present step began; left out when nothing is counted. */
    readonly itemsPerSecond?: number;
  };
  /** What a run that has not ended waits for. */
  readonly waitingFor?: RunWait;
  /** Data of volumes; left out when there is none to move, or when nobody tells. */
  readonly volumes?: RunVolumes;
  readonly warnings: number;
  readonly errors: number;
  readonly failure?: FailureReport;
  /** Where to watch the run; left out when Temporal no longer knows it. */
  readonly temporal?: TemporalLink;
  /** Operations of plugins; left out where there are none, and before they are waited for. */
  readonly operations?: RunOperations;
}

/** Operations of plugins of a run. */
export interface RunOperations {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** While they are waited for: when those that run count as failed, RFC 3339. */
  readonly deadline?: string;
  /** While they are waited for: some of those that run, as their plugins told of them last. */
  readonly running?: readonly RunOperation[];
}

/** An operation that runs. */
export interface RunOperation {
  readonly requestId: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
  readonly description?: string;
}

/** How far the data of a run's volumes is, or what became of it. */
export interface RunVolumes {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Of the volumes that the engine has begun to look at; grows until it knows all. Left out when the run has ended. */
  readonly bytesTotal?: number;
  /** While the run is under way: volumes of the batches under way, those that are moved now first, not all of many. */
  readonly items?: readonly RunVolume[];
}

export interface RunVolume extends Pick<VolumeProgress, 'name' | 'state' | 'node'> {
  /** What the engine does: `Opening`, `Copying`, `ReadingBack`, `Restoring`. */
  readonly phase?: string;
  readonly filesDone?: number;
  readonly filesTotal?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  /** Since the present attempt began. */
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
  readonly waitingFor?: RunWait;
}

export interface TemporalLink {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Of a run that has closed: when Temporal forgets it, RFC 3339; left out where it does not tell. */
  readonly availableUntil?: string;
  /** Page of the Temporal UI; left out when the API was not told where the UI is. */
  readonly url?: string;
}

export interface ResourceList<Resource> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'BackupList' | 'RestoreList';
  /** `continue` is present when there is another page; pass it back as it is. */
  readonly metadata: { readonly continue?: string };
  readonly items: readonly Resource[];
}

/** A registered plugin. */
export interface PluginResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Plugin';
  readonly metadata: { readonly name: string };
  readonly spec: PluginSpec & { readonly cluster: string };
  readonly status: {
    readonly health: PluginHealth['state'];
    /** Why it is not ready. */
    readonly failure?: FailureReport;
    /** It describes itself otherwise now; it is to be registered again. */
    readonly hasChanged?: true;
    /** The queue that its workers serve. */
    readonly taskQueue: string;
    readonly describedAt: string;
    readonly version?: string;
    readonly backupActions: readonly string[];
    readonly restoreActions: readonly string[];
    /** What it said of itself when it was registered; left out in lists. */
    readonly description?: PluginDescription;
  };
}

export interface PluginResourceList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'PluginList';
  readonly items: readonly PluginResource[];
}

/** Body of `POST /plugins`; what is left out gets its default. */
export interface RegisterPluginRequest {
  readonly metadata: { readonly name: string };
  readonly spec?: Partial<PluginResource['spec']>;
}

/** Body of `POST /backups`; what is left out gets its default. */
export interface CreateBackupRequest {
  readonly metadata: NewRunMetadata;
  readonly spec?: Partial<BackupSpec>;
}

/** Body of `POST /schedules` and `PUT /schedules/{name}`; what is left out gets its default. */
export interface CreateScheduleRequest {
  readonly metadata: RunMetadata & { readonly name: string };
  readonly spec: Partial<Omit<ScheduleSpec, 'template'>> &
    Pick<ScheduleSpec, 'schedule'> & { readonly template?: Partial<BackupSpec> };
}

/** A schedule, and what became of it lately. */
export interface ScheduleResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Schedule';
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    /** Counts the changes of the spec. */
    readonly generation: number;
    readonly creationTimestamp: string;
    /** Its backups get them too. */
    readonly labels?: Texts;
    readonly annotations?: Texts;
    /** Left out of one that is kept. */
    readonly deletionTimestamp?: string | undefined;
  };
  readonly spec: ScheduleSpec;
  readonly status: ScheduleStatus;
}

export interface ScheduleStatus {
  /** `Missing`: its location has it, and Temporal does not; nothing happens at its times. */
  readonly phase: 'Enabled' | 'Paused' | 'Missing';
  /** The generation that Temporal acts on; left out where it knows none. */
  readonly observedGeneration?: number;
  /** `Ready` and `Paused`. */
  readonly conditions: readonly Condition[];
  /** The next ten at most. */
  readonly nextTimes: readonly string[];
  /** Since the schedule was made. */
  readonly counts: ScheduleCounts;
  /** The last ten times at most, newest first; left out in lists. */
  readonly recent?: readonly ScheduledRun[];
  /** The newest of its backups that is Completed. */
  readonly lastSuccess?: {
    readonly backup: string;
    readonly completionTimestamp: string;
    readonly ageSeconds: number;
  };
  /** The newest of its backups that has ended. */
  readonly lastBackup?: { readonly backup: string; readonly phase: Phase };
  /** Where the Temporal UI shows it. */
  readonly temporal?: {
    readonly namespace: string;
    readonly scheduleId: string;
    readonly url?: string;
  };
}

export interface ScheduleCounts {
  readonly started: number;
  /** Times at which an earlier backup still ran. */
  readonly skipped: number;
  /** Times that were over for longer than the catch-up window when Temporal could start again. */
  readonly missed: number;
  /** Times that waited for an earlier backup behind too many others. */
  readonly dropped: number;
}

/** What a schedule did at one time. */
export interface ScheduledRun {
  readonly scheduledTime: string;
  readonly startTime: string;
  readonly backup: string;
  /** `Skipped`: a backup of the name was there; `Unknown`: Temporal has forgotten it. */
  readonly phase:
    'InProgress' | 'Completed' | 'PartiallyFailed' | 'Failed' | 'Cancelled' | 'Skipped' | 'Unknown';
}

export interface ScheduleResourceList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'ScheduleList';
  readonly metadata: {
    readonly continue?: string;
    /** Locations whose schedules are missing here, since they do not answer; left out when there are none. */
    readonly unread?: readonly (FailureReport & { readonly location: string })[];
  };
  readonly items: readonly ScheduleResource[];
}

/** Answer of `POST /schedules:recover`: the schedules that Temporal knows again. */
export interface RecoveredSchedules {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'RecoveredSchedules';
  readonly names: readonly string[];
}

/** Body of `POST /schedules/{name}:backfill`. Times are RFC 3339. */
/** Body of `POST /schedules/{name}:trigger`. */
export interface TriggerRequest {
  /** That of the schedule when left out. */
  readonly overlapPolicy?: OverlapPolicy;
}

export interface BackfillRequest {
  readonly startTime: string;
  readonly endTime: string;
  /** Of these backups; `BufferAll` when left out, which makes them one after the other. */
  readonly overlapPolicy?: OverlapPolicy;
}

/** What becomes of the backups of a schedule, newest first. */
export interface RetentionResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Retention';
  readonly metadata: { readonly name: string };
  readonly items: readonly {
    readonly backup: string;
    readonly phase: Phase;
    readonly startTimestamp: string;
    /** Why it stays; it goes without one. */
    readonly reasons: readonly string[];
  }[];
}

/** Body of `POST /restores`. */
export interface CreateRestoreRequest {
  readonly metadata: NewRunMetadata;
  readonly spec: Partial<RestoreSpec>;
}

/** `application/problem+json` (RFC 9457). */
export interface Problem {
  /** URI reference of the code's description. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: FailureCode;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldError[];
}
