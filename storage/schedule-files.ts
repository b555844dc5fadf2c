import { Failure } from '../domain/failure.ts';
import { scheduleKey, SCHEDULES_PREFIX } from '../domain/object-key.ts';
import type { StoredSchedule } from '../domain/schedules/schedule.ts';
import type { ObjectStore, ObjectVersion } from './object-store/port.ts';
import { gather } from './object-store/read-all.ts';

/** A schedule as it was read. */
export interface ReadSchedule {
  readonly stored: StoredSchedule;
  readonly version: ObjectVersion;
}

/**
 * Writes a schedule: a new one, or, with the version that was read, a changed one. Throws `precondition-failed` when
 * somebody else was faster.
 */
export async function writeSchedule(
  store: ObjectStore,
  stored: StoredSchedule,
  version?: ObjectVersion,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(stored, undefined, 2)}\n`);
  const condition = version === undefined ? { isNew: true as const } : { version };
  await store.put(scheduleKey(stored.name), bytes, condition);
}

/** Reads a schedule; undefined if there is none. Throws `unsupported-format` for what is none of ours. */
export async function readSchedule(
  store: ObjectStore,
  name: string,
): Promise<ReadSchedule | undefined> {
  const key = scheduleKey(name);
  try {
    const object = await store.get(key);
    const bytes = await gather(object);
    return { stored: parseSchedule(bytes, key), version: object.version };
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
}

/** Forgets a schedule; its backups stay. */
export function removeSchedule(store: ObjectStore, name: string): Promise<void> {
  return store.remove([scheduleKey(name)]);
}

/** The schedules of a location that this version reads; copies of them that the store has kept will do. */
export async function storedSchedules(store: ObjectStore): Promise<StoredSchedule[]> {
  const schedules: StoredSchedule[] = [];
  for await (const page of store.list(SCHEDULES_PREFIX)) {
    for (const { key, version } of page.filter((entry) => entry.key.endsWith('.json'))) {
      const object = await store.get(key, { listed: () => Promise.resolve(version) });
      schedules.push(parseSchedule(await gather(object), key));
    }
  }
  return schedules;
}

/** Names of the schedules of a location. */
export async function listSchedules(store: ObjectStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list(SCHEDULES_PREFIX)) {
    names.push(
      ...page.flatMap(({ key }) =>
        key.endsWith('.json') ? [key.slice(SCHEDULES_PREFIX.length, -'.json'.length)] : [],
      ),
    );
  }
  return names.sort();
}

function parseSchedule(bytes: Buffer, key: string): StoredSchedule {
  try {
    // What is used of it is checked here; the rest was written by this very module.
    const stored = JSON.parse(bytes.toString('utf8')) as StoredSchedule;
    if (String(stored.version) === '1' && typeof stored.uid === 'string') {
      return stored;
    }
  } catch (error) {
    throw unreadable(key, error);
  }
  throw unreadable(key);
}

function unreadable(key: string, cause?: unknown): Failure {
  return new Failure('unsupported-format', `${key} is not a schedule that this version reads`, {
    subject: key,
    cause,
  });
}
