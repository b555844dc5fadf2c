import { randomBytes } from 'node:crypto';

import { Failure } from '../domain/failure.ts';
import {
  LOCATION_CHECKS,
  type LocationCheck,
  type LocationCheckName,
} from '../domain/location-check.ts';
import { locationCheckKeys } from '../domain/object-key.ts';
import type { StorageLocation } from '../domain/storage-location.ts';
import { CHECK_OPERATIONS, type CheckContext } from './location-check-operations.ts';
import { checkFailure } from './location-check-remedy.ts';
import { createFolderStore } from './object-store/folder.ts';
import { createS3Store } from './object-store/s3.ts';
import type { S3Tuning } from './object-store/s3-client.ts';
import type { SecretReader } from './object-store/secret-credentials.ts';
import { S3Probe } from './object-store/s3-probe.ts';

const ID_BYTES = 8;
/** Longest that one operation may take. */
const OPERATION_TIMEOUT_MS = 30_000;
/** One attempt, and little patience: a check shows what a first request meets. */
const TUNING = { attemptsMax: 1, answerTimeoutMs: 10_000 };
const NAMES = Object.keys(LOCATION_CHECKS) as LocationCheckName[];

export interface CheckOptions {
  /** Reads the Secret of a location that has its credentials in one. */
  readonly readSecret?: SecretReader;
  readonly operationTimeoutMs?: number;
}

/** What became of an operation, and whether others can build upon it. */
interface Outcome {
  readonly check: LocationCheck;
  readonly isUsable: boolean;
}

/**
 * Tries every operation that backups and restores need of a location, each on its own where it can be, below a folder
 * of its own, and removes what it wrote. Never throws: what fails is in the results, one for each operation.
 */
export async function checkLocation(
  location: StorageLocation,
  { operationTimeoutMs = OPERATION_TIMEOUT_MS, readSecret }: CheckOptions = {},
): Promise<LocationCheck[]> {
  let context: CheckContext;
  try {
    context = openContext(location, { ...TUNING, readSecret });
  } catch (error) {
    return NAMES.map((name) => failed(name, error, location));
  }
  const run = new LocationCheckRun(location, context, operationTimeoutMs);
  try {
    return await run.results();
  } finally {
    context.store.close();
    context.s3?.close();
  }
}

function openContext(location: StorageLocation, tuning: S3Tuning): CheckContext {
  const keys = locationCheckKeys(randomBytes(ID_BYTES).toString('hex'));
  return location.provider === 'folder'
    ? { keys, store: createFolderStore(location), s3: undefined }
    : { keys, store: createS3Store(location, tuning), s3: new S3Probe(location, tuning) };
}

class LocationCheckRun {
  readonly #location: StorageLocation;
  readonly #context: CheckContext;
  readonly #timeoutMs: number;
  readonly #outcomes = new Map<LocationCheckName, Promise<Outcome>>();
  /** What was begun, also where nobody waits for it any more. */
  readonly #begun: Promise<unknown>[] = [];

  constructor(location: StorageLocation, context: CheckContext, timeoutMs: number) {
    this.#location = location;
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  async results(): Promise<LocationCheck[]> {
    const outcomes = await Promise.all(NAMES.map((name) => this.#outcomeOf(name)));
    const checks = outcomes.map(({ check }) => check);
    const leftBehind = await this.#cleanUp(checks);
    return checks.map((check) =>
      check.name === 'delete' && check.result !== 'skipped' && leftBehind !== undefined
        ? this.#notRemoved(leftBehind)
        : check,
    );
  }

  /** Tries an operation once, after those that it needs. */
  #outcomeOf(name: LocationCheckName): Promise<Outcome> {
    const outcome = this.#outcomes.get(name) ?? this.#try(name);
    this.#outcomes.set(name, outcome);
    return outcome;
  }

  async #try(name: LocationCheckName): Promise<Outcome> {
    const { needs, run } = CHECK_OPERATIONS[name];
    const needed = await Promise.all(needs.map((need) => this.#outcomeOf(need)));
    const missing = needed.find(({ isUsable }) => !isUsable);
    if (missing !== undefined) {
      const reason = `it builds upon ${missing.check.name}, which ${missing.check.result === 'failed' ? 'failed' : 'was skipped'}`;
      return { check: { name, result: 'skipped', reason }, isUsable: false };
    }
    try {
      const answer = await this.#limited((signal) => run(this.#context, signal));
      const isSkipped = answer?.reason !== undefined;
      return { check: { name, result: isSkipped ? 'skipped' : 'ok', ...answer }, isUsable: true };
    } catch (error) {
      return { check: failed(name, error, this.#location), isUsable: false };
    }
  }

  /** Throws `timed-out` when the work does not end in time. */
  async #limited<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const seconds = String(this.#timeoutMs / 1000);
    const late = new Failure('timed-out', `the operation did not end within ${seconds} s`);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        controller.abort(late);
        reject(late);
      }, this.#timeoutMs);
    });
    const begun = work(controller.signal);
    this.#begun.push(begun);
    try {
      return await Promise.race([begun, limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Removes what was written, when nothing writes any more. Answers the failure if that cannot be done. */
  async #cleanUp(checks: readonly LocationCheck[]): Promise<unknown> {
    const { store, keys } = this.#context;
    const { folder, ...files } = keys;
    await this.#limited(() => Promise.allSettled(this.#begun)).catch(() => undefined);
    const isEnded = checks.every(
      ({ name, result }) => name !== 'abort-upload' || result !== 'failed',
    );
    try {
      await this.#limited(() => store.remove(Object.values(files)));
      if (isEnded) {
        await this.#limited(() => store.abortUploads(folder));
      }
    } catch (error) {
      return error;
    }
    return undefined;
  }

  #notRemoved(error: unknown): LocationCheck {
    const report = checkFailure(error, 'delete', this.#location);
    const message = `${report.message}; what the check wrote stays below ${this.#context.keys.folder}`;
    return { name: 'delete', result: 'failed', failure: { ...report, message } };
  }
}

function failed(name: LocationCheckName, error: unknown, location: StorageLocation): LocationCheck {
  return { name, result: 'failed', failure: checkFailure(error, name, location) };
}
