import { fields } from '../../../domain/fields.ts';
import type {
  BackupRequest,
  CheckRequest,
  EngineFacts,
  EngineRun,
  ForgetRequest,
  ReadBackRequest,
  RepositoryAccess,
  RestoreRequest,
  SnapshotQuery,
  VolumeEngine,
} from '../port.ts';
import { runProcess } from '../process.ts';
import { backupVolume } from './backup.ts';
import type { ResticConfig } from './config.ts';
import { engineFailure } from './failures.ts';
import { initialise } from './initialise.ts';
import {
  checkRepository,
  forgetSnapshots,
  listLocks,
  pruneRepository,
  removeLocks,
} from './maintenance.ts';
import { readBack } from './read-back.ts';
import { restoreVolume } from './restore.ts';
import { listSnapshots } from './snapshots.ts';
import { tidyCache } from './tidy-cache.ts';

/** The first version with the exit codes and the fields that are read here. */
const OLDEST_VERSION = [0, 18] as const;

/** A volume engine that runs restic. */
export function createResticEngine(config: ResticConfig): VolumeEngine {
  return new ResticEngine(config);
}

class ResticEngine implements VolumeEngine {
  readonly #config: ResticConfig;
  #facts: Promise<EngineFacts> | undefined;
  /** Repositories that are being made, by their path: once for all copies of this process. */
  readonly #initialising = new Map<string, Promise<void>>();

  constructor(config: ResticConfig) {
    this.#config = config;
  }

  async probe(): Promise<EngineFacts> {
    this.#facts ??= probeRestic(this.#config);
    try {
      return await this.#facts;
    } catch (error) {
      this.#facts = undefined;
      throw error;
    }
  }

  backup(request: BackupRequest, run: EngineRun) {
    const tools = {
      config: this.#config,
      version: async () => (await this.probe()).version,
      initialise: (of: BackupRequest, by: EngineRun) => this.#initialise(of, by),
    };
    return backupVolume(tools, request, run);
  }

  readBack(request: ReadBackRequest, run: EngineRun) {
    return readBack(this.#config, request, run);
  }

  restore(request: RestoreRequest, run: EngineRun) {
    return restoreVolume(this.#config, request, run);
  }

  async snapshots(query: SnapshotQuery, run: EngineRun) {
    return (await listSnapshots(this.#config, query, run)) ?? [];
  }

  forget(request: ForgetRequest, run: EngineRun) {
    return forgetSnapshots(this.#config, request, run);
  }

  prune(repository: RepositoryAccess, run: EngineRun) {
    return pruneRepository(this.#config, { repository, run });
  }

  check(request: CheckRequest, run: EngineRun) {
    return checkRepository(this.#config, request, run);
  }

  locks(repository: RepositoryAccess, run: EngineRun) {
    return listLocks(this.#config, { repository, run });
  }

  unlock(repository: RepositoryAccess, run: EngineRun) {
    return removeLocks(this.#config, { repository, run });
  }

  async #initialise({ repository }: BackupRequest, run: EngineRun): Promise<void> {
    const key = `${repository.location.name} ${repository.path}`;
    const others = this.#initialising.get(key);
    if (others !== undefined && (await succeeds(others))) {
      return;
    }
    const own = initialise(this.#config, { repository, run });
    this.#initialising.set(key, own);
    try {
      await own;
    } finally {
      this.#initialising.delete(key);
    }
  }
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    // Another copy's cancellation or failure is not ours.
    return false;
  }
}

async function probeRestic(config: ResticConfig): Promise<EngineFacts> {
  await tidyCache(config.cacheDir);
  let version = '';
  const code = await runProcess({
    command: config.binary,
    args: ['version', '--json'],
    env: { PATH: process.env['PATH'] ?? '' },
    input: '',
    signal: new AbortController().signal,
    onLine: (line) => {
      version ||= versionOf(line);
    },
  });
  if (code !== 0 || !isNewEnough(version)) {
    throw engineFailure('engine-not-usable', version);
  }
  return { kind: 'restic', version };
}

function versionOf(line: string): string {
  try {
    const version = fields(JSON.parse(line))['version'];
    return typeof version === 'string' ? version : '';
  } catch {
    return '';
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
