import type {
  CheckRequest,
  EngineRun,
  ForgetRequest,
  RepositoryAccess,
  RepositoryCheck,
  SnapshotQuery,
  StoredSnapshot,
  VolumeEngine,
} from '../../activities/engine/port.ts';
import { Failure } from '../../domain/failure.ts';
import { refuse } from './no-volumes.ts';

/** What a repository of a memory engine holds, and how it misbehaves. */
export interface MemoryRepository {
  isThere: boolean;
  snapshots: StoredSnapshot[];
  /** Data that no snapshot needs. */
  hasUnneeded: boolean;
  locks: string[];
  /** Whether a process that is alive has the locks: each look at them finds other ones. */
  areLocksAlive: boolean;
  errors: number;
  /** The first look for locks waits for it, and the removal of data. */
  lookGate: Promise<void>;
  pruneGate: Promise<void>;
  /** Whether the next removal of data is killed, and leaves its lock. */
  isPruneKilled: boolean;
}

/** A volume engine that keeps repositories in memory, for their maintenance alone. */
export class MemoryEngine implements VolumeEngine {
  readonly probe = refuse;
  readonly backup = refuse;
  readonly readBack = refuse;
  readonly restore = refuse;
  readonly #repositories = new Map<string, MemoryRepository>();
  #looks = 0;

  /** Makes the repository of a namespace. */
  add(namespace: string, repository: Partial<MemoryRepository> = {}): MemoryRepository {
    const made: MemoryRepository = {
      ...{ isThere: true, snapshots: [], hasUnneeded: false },
      ...{ locks: [], areLocksAlive: false, errors: 0 },
      ...{ lookGate: Promise.resolve(), pruneGate: Promise.resolve(), isPruneKilled: false },
      ...repository,
    };
    this.#repositories.set(namespace, made);
    return made;
  }

  async snapshots({ repository }: SnapshotQuery): Promise<readonly StoredSnapshot[]> {
    return Promise.resolve(this.#of(repository).snapshots);
  }

  async forget({ repository, snapshotIds }: ForgetRequest): Promise<void> {
    const found = this.#unlocked(repository);
    found.snapshots = found.snapshots.filter(
      ({ facts }) => !snapshotIds.includes(facts.snapshotId),
    );
    found.hasUnneeded = true;
    await Promise.resolve();
  }

  async prune(repository: RepositoryAccess, { signal }: EngineRun): Promise<void> {
    const found = this.#unlocked(repository);
    await found.pruneGate;
    signal.throwIfAborted();
    if (found.isPruneKilled) {
      found.isPruneKilled = false;
      found.locks = ['left'];
      throw new Failure('engine-killed', 'killed');
    }
    found.hasUnneeded = false;
  }

  async check({ repository }: CheckRequest): Promise<RepositoryCheck> {
    return Promise.resolve({ errorCount: this.#unlocked(repository).errors, damagedPacks: [] });
  }

  async locks(repository: RepositoryAccess): Promise<readonly string[]> {
    const { lookGate, locks, areLocksAlive } = this.#of(repository);
    await lookGate;
    this.#looks += 1;
    const look = String(this.#looks);
    return areLocksAlive ? locks.map((lock) => `${lock}-${look}`) : locks;
  }

  unlock(repository: RepositoryAccess): Promise<void> {
    this.#of(repository).locks = [];
    return Promise.resolve();
  }

  #of({ path }: RepositoryAccess): MemoryRepository {
    const found = this.#repositories.get(path.split('/').at(-1) ?? '');
    if (found?.isThere !== true) {
      throw new Failure('repository-missing', 'there is none');
    }
    return found;
  }

  #unlocked(repository: RepositoryAccess): MemoryRepository {
    const found = this.#of(repository);
    if (found.locks.length > 0) {
      throw new Failure('repository-locked', 'locked');
    }
    return found;
  }
}
