import type { LocationStatus } from '../../domain/server-status.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import { probeStore } from '../../storage/probe-store.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { partOf } from './part.ts';

/** Longest that a location is waited for. */
const TIMEOUT_MS = 5000;

/** Whether each storage location answers, seen from the API, and which of those that are kept cannot be used. */
export async function locationStatus(
  locations: LocationSet,
  store: (location: string) => ObjectStore,
): Promise<LocationStatus[]> {
  await locations.freshen();
  const broken = locations.kept.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [{ name, isReachable: false, failure: problem }],
  );
  const probed = await Promise.all(locations.all.map(({ name }) => probe(name, store)));
  return [...probed, ...broken];
}

async function probe(
  name: string,
  store: (location: string) => ObjectStore,
): Promise<LocationStatus> {
  const message = `the storage location ${name} does not answer in time`;
  const late = { code: 'location-unreachable', message, subject: name } as const;
  const part = await partOf(async () => probeStore(store(name)), { timeoutMs: TIMEOUT_MS, late });
  return { name, isReachable: 'value' in part, ...('failure' in part ? part : {}) };
}
