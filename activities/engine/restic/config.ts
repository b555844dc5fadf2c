import { settingOf } from '../../../domain/settings.ts';

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

/** What the restic engine of a process is told. */
export interface ResticConfig {
  /** Path of restic, or its name on the PATH. */
  readonly binary: string;
  /** Folder for what may be lost: restic's cache and its unfinished packs. */
  readonly cacheDir: string;
  /** How long a lock that somebody else holds is waited for. */
  readonly lockWaitMs: number;
  /** How long restic may fail to reach the location before it is ended; by itself it goes on for 15 minutes. */
  readonly locationWaitMs: number;
  /** A pause of this length is told as a stall. */
  readonly stallNoticeMs: number;
  /** How long a copy may not move a byte before it is ended. */
  readonly stallLimitMs: number;
  /** Of a larger snapshot, this much is read back and called a sample. */
  readonly readBackBytesMax: number;
}

/** Reads the configuration from the environment of the process. */
export function resticConfig(env: Readonly<Record<string, string | undefined>>): ResticConfig {
  return {
    binary: settingOf(env, 'HOLDFAST_RESTIC'),
    cacheDir: settingOf(env, 'HOLDFAST_CACHE_DIR'),
    lockWaitMs: 10 * MINUTE_MS,
    locationWaitMs: 5 * MINUTE_MS,
    stallNoticeMs: MINUTE_MS,
    stallLimitMs: 20 * MINUTE_MS,
    readBackBytesMax: 10 * GIB,
  };
}
