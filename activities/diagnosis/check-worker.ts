import { setTimeout as sleep } from 'node:timers/promises';

import type { ImageFacts, LocationFacts, WorkerFacts } from '../../domain/diagnosis/facts.ts';
import type { Part } from '../../domain/diagnosis/part.ts';
import { Failure } from '../../domain/failure.ts';
import { probeStore } from '../../storage/probe-store.ts';
import type { Dependencies } from '../dependencies.ts';
import { isImageSeen } from '../volumes/image.ts';
import { accessFacts } from './access-facts.ts';

/** Longest that one part is waited for. */
const PART_MS = 10_000;

/** See `DiagnosisActivities`. */
export async function checkWorker(deps: Dependencies): Promise<WorkerFacts> {
  const { cluster, namespace, engine } = deps;
  const signal = AbortSignal.timeout(PART_MS);
  const [access, engineFacts, image, locations] = await Promise.all([
    partOf('the API server', () => accessFacts({ cluster, namespace, signal })),
    partOf('the engine', () => engine.probe()),
    partOf('the API server', () => imageFacts(deps, signal)),
    locationFacts(deps),
  ]);
  return { access, engine: engineFacts, image, locations };
}

async function imageFacts(deps: Dependencies, signal: AbortSignal): Promise<ImageFacts> {
  const { image } = deps;
  return image === undefined
    ? { isSeen: false }
    : { image, isSeen: await isImageSeen(deps, image, signal) };
}

async function locationFacts({ locations, store }: Dependencies): Promise<LocationFacts[]> {
  const names = await locations();
  return Promise.all(
    names.map(async (name) => ({
      name,
      answer: await partOf(`the storage location ${name}`, async () => {
        await probeStore(store(name));
        return true as const;
      }),
    })),
  );
}

/** What a part answers, or why it does not; an error that nobody foresaw is one of the activity. */
async function partOf<Value>(what: string, ask: () => Promise<Value>): Promise<Part<Value>> {
  const stop = new AbortController();
  const late = sleep(PART_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Failure('timed-out', `${what} does not answer in time`);
  });
  try {
    return { value: await Promise.race([ask(), late]) };
  } catch (error) {
    if (error instanceof Failure) {
      const { code, message, subject } = error;
      return { failure: { code, message, ...(subject === undefined ? {} : { subject }) } };
    }
    throw error;
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}
