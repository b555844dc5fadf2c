import type { ScheduleResourceList } from '../../domain/api-resource.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure, isRetried } from '../../domain/failure.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { listSchedules, type ReadSchedule, readSchedule } from '../../storage/schedule-files.ts';
import { partOf } from '../status/part.ts';

/** Longest that a list waits for one location. */
const LIST_TIMEOUT_MS = 5000;

/** Where schedules are kept. */
interface ScheduleFiles {
  readonly locations: Pick<LocationSet, 'all'>;
  readonly store: (location: string) => ObjectStore;
}

/** Locations that do not answer, and why. */
export type Unread = NonNullable<ScheduleResourceList['metadata']['unread']>;

interface ListedSchedules {
  /** By name. */
  readonly schedules: readonly { readonly name: string; readonly location: string }[];
  /** Locations whose schedules are not among them. */
  readonly unread: Unread;
}

/**
 * The schedules of all locations that answer in time, and which do not. Throws the failure of the first where none does:
 * an empty list would say that there are no schedules.
 */
export async function keptSchedules({ locations, store }: ScheduleFiles): Promise<ListedSchedules> {
  const parts = await Promise.all(
    locations.all.map(async ({ name: location }) => {
      const message = `the storage location ${location} does not answer in time`;
      const late = { code: 'location-unreachable', message, subject: location } as const;
      const ask = (): Promise<string[]> => listSchedules(store(location));
      return { location, part: await partOf(ask, { timeoutMs: LIST_TIMEOUT_MS, late }) };
    }),
  );
  const unread = parts.flatMap(({ location, part }) =>
    'failure' in part ? { location, code: part.failure.code, message: part.failure.message } : [],
  );
  const [first] = unread;
  if (first !== undefined && unread.length === parts.length) {
    throw new Failure(first.code, first.message, { subject: first.location });
  }
  const schedules = parts.flatMap(({ location, part }) =>
    'value' in part ? part.value.map((name) => ({ name, location })) : [],
  );
  return { schedules: schedules.sort((a, b) => compareText(a.name, b.name)), unread };
}

/**
 * A schedule, in whichever location it is kept; the others are not waited for. Undefined where no location has it; throws
 * the failure of one that may have it, before others one that may pass.
 */
export async function keptSchedule(
  { locations, store }: ScheduleFiles,
  name: string,
): Promise<ReadSchedule | undefined> {
  const reads = locations.all.map((location) => readSchedule(store(location.name), name));
  const found = reads.map(async (read) => {
    const schedule = await read;
    if (schedule === undefined) {
      throw new Failure('not-found', `there is no schedule ${name}`);
    }
    return schedule;
  });
  try {
    return await Promise.any(found);
  } catch {
    const reasons = (await Promise.allSettled(reads)).flatMap((read) =>
      read.status === 'rejected' ? [read.reason as unknown] : [],
    );
    if (reasons.length > 0) {
      throw reasons.find((reason) => !isRefusal(reason)) ?? reasons[0];
    }
    return undefined;
  }
}

/** Whether a location refuses to be read, which no patience mends. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Failure && !isRetried(error.code);
}
