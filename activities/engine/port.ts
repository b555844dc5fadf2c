import type { BandwidthLimits } from '../../domain/bandwidth.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import type { ReadBackExtent } from '../../domain/volumes/proof.ts';
import type {
  ParentFacts,
  RootAttributes,
  SnapshotFacts,
  VolumeCopy,
  VolumeLabels,
  VolumeRestore,
} from '../../domain/volumes/volume-copy.ts';
import type { SecretReader } from '../../storage/object-store/secret-credentials.ts';
import type { OpenRoot } from './open-root.ts';

/**
 * What moves the data of volumes into a repository and back. Every call may be repeated, in another process too, and
 * leaves the same world; none returns before the processes that it started are gone.
 *
 * Throws `Failure`. Worth another attempt: `repository-locked`, `location-unreachable`, `throttled`, `engine-killed`,
 * `engine-failed`. Not so: `repository-password`, `repository-missing`, `repository-damaged`, `snapshot-missing`,
 * `quota-exceeded`, `volume-full`, `location-forbidden`, `engine-not-usable`. No message holds a secret, or what is in
 * a file. A call whose signal is aborted throws the reason of the signal.
 */
export interface VolumeEngine {
  /** Kind and version; once in a process, and tidies what the engine keeps on this machine. Throws `engine-not-usable` when the engine is missing or too old. */
  probe(): Promise<EngineFacts>;

  /**
   * Copies a volume and makes the repository if there is none. A snapshot of the same run, part and epoch is adopted
   * and nothing is copied. What an earlier attempt of this machine still runs for the same key is ended first.
   */
  backup(request: BackupRequest, run: EngineRun): Promise<VolumeCopy>;

  /**
   * Reads back what is stored of a snapshot and compares it with its hashes; of a large one a sample. A snapshot with
   * the files of a parent that was read back within a week is `Unchanged`. Throws `repository-damaged`.
   */
  readBack(request: ReadBackRequest, run: EngineRun): Promise<ReadBackExtent>;

  /**
   * Writes a snapshot into a volume, reads the files again, puts the attributes of the root back and syncs the file
   * system. The volume must belong to the restore alone: files with several names in it are taken for the work of an
   * earlier attempt and made anew. What cannot be restored is named in the result, and the rest is there.
   */
  restore(request: RestoreRequest, run: EngineRun): Promise<VolumeRestore>;

  /** Every snapshot of a cluster, or of one volume of it, oldest first. None where there is no repository. */
  snapshots(query: SnapshotQuery, run: EngineRun): Promise<readonly StoredSnapshot[]>;

  /**
   * Takes snapshots out of the repository; their data goes with the next `prune`. Those that are not there count as
   * taken out. This, `prune` and `check` lock the repository for themselves.
   */
  forget(request: ForgetRequest, run: EngineRun): Promise<void>;

  /** Removes data that no snapshot needs, a bounded part of it at a time. */
  prune(repository: RepositoryAccess, run: EngineRun): Promise<void>;

  /** Looks for damage in the whole repository, and reads a part of the data. Damage is a result, not a failure. */
  check(request: CheckRequest, run: EngineRun): Promise<RepositoryCheck>;

  /** Ids of the locks in a repository. */
  locks(repository: RepositoryAccess, run: EngineRun): Promise<readonly string[]>;

  /** Removes every lock. Only for one who knows that nobody works on the repository. */
  unlock(repository: RepositoryAccess, run: EngineRun): Promise<void>;
}

export interface EngineFacts {
  readonly kind: 'restic';
  readonly version: string;
}

/** Where a repository lies and what opens it. */
export interface RepositoryAccess {
  readonly location: StorageLocation;
  /** Reads the Secret of a location that has its credentials in one. */
  readonly readSecret?: SecretReader;
  /** Below the prefix of the location: see `repositoryPath`. */
  readonly path: string;
  /** Random or derived, of 256 bits: nothing else guards the data against guesses. See `repositoryPassword`. */
  readonly password: string;
}

/** How one call runs. */
export interface EngineRun {
  /** Names the copy among the processes of this machine, and stays the same when it is tried again. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Called at least every second or so while the engine works; keeps nothing of what it is given. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Lines of the engine that say nothing to a program, for the log of the process. */
  readonly onLog?: (line: string) => void;
  /** Of what this call sends to the repository and takes from it. */
  readonly limits?: BandwidthLimits;
}

/** How far a call is; what is not known is 0. */
export interface EngineProgress {
  readonly phase: 'Opening' | 'Copying' | 'ReadingBack' | 'Restoring' | 'Maintaining';
  readonly filesDone: number;
  /** Grows until the engine has seen the whole volume. */
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly errorCount: number;
  /** What the engine waits for by itself. */
  readonly waitingFor?: EngineWait;
}

/** A wait of the engine; the call fails when it has not ended by its deadline. Times are RFC 3339. */
export interface EngineWait {
  /** Somebody else's lock, the location, or a byte that moves once none has for a minute or so. */
  readonly what: 'Lock' | 'Location' | 'Movement';
  readonly since: string;
  readonly deadline: string;
}

export interface BackupRequest {
  readonly repository: RepositoryAccess;
  readonly root: OpenRoot;
  readonly labels: VolumeLabels;
}

export interface ReadBackRequest {
  readonly repository: RepositoryAccess;
  readonly snapshot: SnapshotFacts;
  readonly parent?: ParentFacts;
}

export interface RestoreRequest {
  readonly repository: RepositoryAccess;
  /** Left out for a volume that was empty. */
  readonly snapshotId?: string;
  readonly root: OpenRoot;
  /** Of the root, as the copy recorded them. */
  readonly attributes: RootAttributes;
}

export interface SnapshotQuery {
  readonly repository: RepositoryAccess;
  readonly clusterUid: string;
  readonly volumeUid?: string;
}

export interface ForgetRequest {
  readonly repository: RepositoryAccess;
  readonly snapshotIds: readonly string[];
}

export interface CheckRequest {
  readonly repository: RepositoryAccess;
  /** Which of how many equal parts of the data is read; none when left out. */
  readonly readData?: { readonly part: number; readonly of: number };
}

export interface RepositoryCheck {
  readonly errorCount: number;
  /** Ids of damaged packs. */
  readonly damagedPacks: readonly string[];
}

/** A snapshot as the repository lists it. */
export interface StoredSnapshot {
  readonly facts: SnapshotFacts;
  /** Its tags: `ns`, `pvc`, `pvcuid`, `run`, `backup`, `part`, `epoch`. */
  readonly labels: Readonly<Record<string, string>>;
}
