import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { S3Location } from '../domain/storage-location.ts';
import { bucketRepository } from '../activities/engine/restic/environment.ts';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** A repository of its own in a location, and restic as a person calls it, with its defaults. */
export class RawRestic {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(location: S3Location, folder: string) {
    this.#environment = {
      ...process.env,
      RESTIC_REPOSITORY: bucketRepository(location, `raw/${randomBytes(4).toString('hex')}`),
      RESTIC_PASSWORD: 'raw',
      RESTIC_CACHE_DIR: join(folder, 'raw-cache'),
    };
  }

  /** Seconds that it takes to make the repository, which a first backup does by itself. */
  makeRepository(): Promise<number> {
    return this.#seconds(['init'], undefined);
  }

  /** Seconds that a backup of a folder takes. */
  backUp(folder: string): Promise<number> {
    return this.#seconds(['backup', '--quiet', '.'], folder);
  }

  /** Seconds that it takes to read back all data. */
  readBack(): Promise<number> {
    return this.#seconds(['check', '--read-data'], undefined);
  }

  /** Seconds that the last snapshot takes to be restored into a new folder, which is removed. */
  async restore(folder: string): Promise<number> {
    const seconds = await this.#seconds(['restore', 'latest', '--target', folder], undefined);
    await rm(folder, { recursive: true });
    return seconds;
  }

  async #seconds(args: readonly string[], cwd: string | undefined): Promise<number> {
    const started = performance.now();
    await run(process.env['HOLDFAST_RESTIC'] ?? 'restic', args, {
      ...{ env: this.#environment, maxBuffer: OUTPUT_BYTES_MAX },
      ...(cwd === undefined ? {} : { cwd }),
    });
    return (performance.now() - started) / 1000;
  }
}
