import { Failure, type FailureCode, type FieldError } from '../../domain/failure.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { probeStore } from '../../storage/probe-store.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { partOf } from './part.ts';

/** Longest that one part is waited for. */
const TIMEOUT_MS = 3000;
/** How long an answer counts: who asks more often must not cost the bucket a request each time. */
const FRESH_MS = 1000;

interface ReadinessSources {
  readonly temporal: TemporalRuns;
  readonly locations: LocationSet;
  readonly store: (location: string) => ObjectStore;
  /** Asks the cluster of the API for the least; left out where it has none. */
  readonly askCluster?: (() => Promise<unknown>) | undefined;
}

/** A part that requests need, and what is wrong with it. */
interface PartReadiness {
  readonly name: string;
  readonly fault?: FieldError;
}

/** Whether this process should get requests: Temporal, its cluster and the default location answer, and it is not ending. */
export class Readiness {
  readonly #sources: ReadinessSources;
  #asked: Promise<readonly PartReadiness[]> | undefined;
  #isEnding = false;

  constructor(sources: ReadinessSources) {
    this.#sources = sources;
  }

  /** From now on the process is not ready, because it is about to end. */
  end(): void {
    this.#isEnding = true;
  }

  /** The names of the parts, which all answer. Throws `not-ready` that names each that does not. */
  async require(): Promise<readonly string[]> {
    if (this.#isEnding) {
      throw new Failure('not-ready', 'this process of the API is about to end');
    }
    this.#asked ??= this.#ask();
    const parts = await this.#asked;
    const errors = parts.flatMap(({ fault }) => fault ?? []);
    if (errors.length > 0) {
      const names = errors.map(({ pointer }) => pointer).join(', ');
      throw new Failure('not-ready', `no answer as it should be from: ${names}`, { errors });
    }
    return parts.map(({ name }) => name);
  }

  async #ask(): Promise<readonly PartReadiness[]> {
    const { temporal, askCluster } = this.#sources;
    const asked = Promise.all([
      // The client remembers for ever how its first connection went; a call of its own is asked anew each time.
      part({ name: 'temporal', code: 'temporal-unreachable' }, () =>
        temporal.call(() => temporal.client.workflowService.getSystemInfo({}), TIMEOUT_MS),
      ),
      ...(askCluster === undefined
        ? []
        : [part({ name: 'cluster', code: 'cluster-unreachable' }, askCluster)]),
      ...this.#defaultLocation(),
    ]);
    try {
      return await asked;
    } finally {
      setTimeout(() => (this.#asked = undefined), FRESH_MS).unref();
    }
  }

  /** Others may be away while the API works for the rest; where there is none yet, one can be made. */
  #defaultLocation(): Promise<PartReadiness>[] {
    const { locations, store } = this.#sources;
    const name = locations.defaultName;
    const isThere = [...locations.all, ...locations.kept].some((one) => one.name === name);
    const asked = { name: `location/${name}`, code: 'location-unreachable' } as const;
    return isThere ? [part(asked, () => probeStore(store(name)))] : [];
  }
}

/** A part by its name, and what it is called when it does not answer in time. */
interface AskedPart {
  readonly name: string;
  readonly code: FailureCode;
}

async function part(
  { name, code }: AskedPart,
  ask: () => Promise<unknown>,
): Promise<PartReadiness> {
  const late = { code, message: `${name} does not answer in time` };
  const answer = await partOf(async () => ask(), { timeoutMs: TIMEOUT_MS, late });
  return 'value' in answer
    ? { name }
    : { name, fault: { pointer: name, code: answer.failure.code, detail: answer.failure.message } };
}
