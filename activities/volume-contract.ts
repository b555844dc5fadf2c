import type { BackupProblems } from '../domain/backup.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { HookEnds } from '../domain/hooks/hook-ends.ts';
import type { HooksSummary } from '../domain/hooks/hook-run.ts';
import type { AgentActivities } from './diagnosis-contract.ts';
import type { PluginRound } from './plugin-run-contract.ts';
import type { RunReference } from '../domain/run-reference.ts';
import type { RepositoryKey } from '../domain/workflow-id.ts';

/** The activities of volumes that a cluster's workers do; what is said of `ClusterActivities` holds for them. */
export interface VolumeActivities {
  /** Chooses the volumes that are copied, and stores them in batches. Heartbeats. */
  planVolumes(input: PlanVolumesInput): Promise<PlanVolumesResult>;
  /**
   * Says where volumes of a batch can be read now: through a pod that runs, or not at all until something mounts them.
   * Waits a little for what is about to change. Heartbeats.
   */
  locateVolumes(input: LocateVolumesInput): Promise<LocateVolumesResult>;
  /**
   * Makes the pod that only mounts a claim, and waits until it has come as far as is asked. A pod that an earlier attempt made is taken. Throws
   * `mount-refused` when the cluster does not take such a pod, and `mount-failed` when it does not start in time.
   * Heartbeats.
   */
  mountVolume(input: MountVolumeInput): Promise<MountedVolume>;
  /** Removes the pod that only mounts a claim, and waits until it is gone. Heartbeats. */
  unmountVolume(input: VolumeInput): Promise<void>;
  /** Stores how the volumes of a batch ended. */
  recordVolumeEnds(input: VolumeEndsInput): Promise<void>;
  /**
   * Stores what is known of all copies, puts it into the coverage report, and says what is a problem of the backup.
   * Heartbeats.
   */
  recordVolumes(input: RecordVolumesInput): Promise<RecordedVolumes>;
  /**
   * Chooses the copies whose data a restore writes: those of the claims that it has made, or that an earlier restore has
   * made and could not fill, or of the volumes that its pods have of their own. Heartbeats.
   */
  planVolumeRestore(input: PlanVolumeRestoreInput): Promise<PlanVolumesResult>;
  /** Stores which claims have not got their data, and takes the mark off those that have. May be repeated. Heartbeats. */
  recordRestoredVolumes(input: RecordVolumesInput): Promise<void>;
  /** Lets all pods of a restore start that still wait for data, which comes no more. May be repeated. Heartbeats. */
  openGates(input: RunReference): Promise<void>;
}

/** The activities of a node agent. They may be run twice, one after the other, and leave the same world. */
export interface NodeActivities extends AgentActivities {
  /**
   * Copies one volume into its repository, proves the copy, and stores what is known of it. A snapshot that an earlier
   * attempt of the run has saved is adopted. Throws `volume-not-mounted` and `volume-moved` when the volume is not, or no
   * longer, where it was found. Heartbeats.
   */
  copyVolume(input: MoveVolumeInput): Promise<MovedVolume>;
  /**
   * Writes the data of a copy into a volume and reads it back, puts back owner and mode of its root, and opens the gate of
   * the pod, if it has one. What an earlier attempt has written is written over. Throws as `copyVolume` does. Heartbeats.
   */
  restoreVolume(input: MoveVolumeInput): Promise<MovedVolume>;
  /** Lets a pod start that waits for a volume whose data does not come. */
  openGate(input: MoveVolumeInput): Promise<void>;
}

export interface PlanVolumesInput extends RunReference {
  /** What plugins were asked about the objects; left out where none was. */
  readonly plugins?: readonly PluginRound[];
}

export interface PlanVolumeRestoreInput extends RunReference {
  readonly stage: 'claims' | 'pods';
  /** The shards whose outcomes say what the restore has made. */
  readonly shards: readonly { readonly shard: number; readonly attempt: string }[];
  /** Number of the first batch. */
  readonly firstBatch: number;
}

export interface PlanVolumesResult {
  readonly volumes: number;
  readonly batches: number;
}

/** A backup or a restore, to the activities of its volumes. */
export interface VolumeRun extends RunReference {
  readonly kind: 'Backup' | 'Restore';
}

/** One part of the volumes of a run. */
export interface BatchInput extends VolumeRun {
  readonly batch: number;
}

export interface LocateVolumesInput extends BatchInput {
  /** The volumes, by number; all of the batch when left out. */
  readonly volumes?: readonly number[];
}

export interface LocateVolumesResult {
  readonly volumes: readonly LocatedVolume[];
  /** Pods with hooks; left out where there are none. */
  readonly pods?: readonly LocatedPod[];
}

/** A pod whose hooks are run around the copies of its volumes. */
export interface LocatedPod {
  /** Its number in its batch. */
  readonly pod: number;
  readonly uid: string;
  /** The pod for people: `shop/db`. */
  readonly name: string;
  /** Its volumes, by their numbers in the run. */
  readonly volumes: readonly number[];
  /** How long after its pre hooks began it is thawed at the latest, in milliseconds; left out where nothing has to be undone. */
  readonly thawAfterMs?: number;
}

export interface LocatedVolume {
  readonly volume: number;
  /** The volume for people: `shop/data`. */
  readonly name: string;
  /** Where the copy is, or comes into. */
  readonly repository?: Omit<RepositoryKey, 'location'>;
  readonly place: VolumePlace;
}

/** Where a volume can be read; without a place, why not. */
export type VolumePlace =
  | { readonly kind: 'pod'; readonly node: string; readonly podUid: string; readonly pod: string }
  | { readonly kind: 'unmounted' }
  | { readonly kind: 'none'; readonly failure: FailureReport };

export interface VolumeInput extends BatchInput {
  readonly volume: number;
}

export interface MountVolumeInput extends VolumeInput {
  /** How far the pod has to come; the kubelet mounts its volumes between the two. `Running` when left out. */
  readonly until?: 'Scheduled' | 'Running';
}

export interface MountedVolume {
  readonly node: string;
  readonly pod: string;
  readonly podUid: string;
  /** The persistent volume that the claim is bound to now. */
  readonly persistentVolume: string;
}

export interface MoveVolumeInput extends VolumeInput {
  /** The pod through which the volume can be reached. */
  readonly pod: string;
  readonly podUid: string;
  /** The persistent volume of the claim, where it is not the planned one. */
  readonly persistentVolume?: string;
  /** How often the volume was looked for again, 0 when left out; what was copied before that is void, and is not adopted. */
  readonly round?: number;
  /** How long the kubelet may take to mount the volume, in milliseconds; 0 when left out. */
  readonly mountedWithinMs?: number;
  /** Epoch of the lease of the repository, under which the volume is moved. */
  readonly leaseEpoch?: number;
}

export interface MovedVolume {
  /** Part of the key of what is stored of the attempt. */
  readonly attempt: string;
  readonly files: number;
  readonly bytes: number;
}

/** How one volume ended: with the attempt that did it, or with a failure. */
export type VolumeEnd =
  | { readonly volume: number; readonly attempt: string }
  | { readonly volume: number; readonly failure: FailureReport };

export interface VolumeEndsInput extends BatchInput {
  readonly ends: readonly VolumeEnd[];
  /** How the hooks of its pods ended; left out where there are none. */
  readonly hooks?: readonly HookEnds[];
}

export interface RecordVolumesInput extends RunReference {
  readonly batches: number;
}

export interface RecordedVolumes {
  readonly volumes: number;
  readonly files: number;
  readonly bytes: number;
  readonly problems: BackupProblems;
  /** Left out where no pod has hooks. */
  readonly hooks?: HooksSummary;
}
