import { Failure } from '../domain/failure.ts';
import { tombstoneKey } from '../domain/object-key.ts';
import type { RunReference } from '../domain/run-reference.ts';
import type { ObjectStore, ObjectVersion } from './object-store/port.ts';
import { gather } from './object-store/read-all.ts';

/** Says that the deletion of a backup has begun; removed when nothing else of the backup is left. */
export interface Tombstone {
  readonly version: 1;
  readonly kind: 'Tombstone';
  readonly name: string;
  /** Of the backup; a later one of the name has another. */
  readonly runUid: string;
  /** RFC 3339. */
  readonly since: string;
}

type Deleted = Pick<RunReference, 'name' | 'runUid'>;

/** Writes the tombstone of a backup, if it is not there. That of an earlier backup of the name is replaced. */
export async function writeTombstone(
  store: ObjectStore,
  { name, runUid }: Deleted,
  since: string,
): Promise<void> {
  const tombstone: Tombstone = { version: 1, kind: 'Tombstone', name, runUid, since };
  const bytes = Buffer.from(`${JSON.stringify(tombstone, undefined, 2)}\n`);
  const found = await read(store, name);
  if (found?.tombstone.runUid !== runUid) {
    const condition = found === undefined ? { isNew: true as const } : { version: found.version };
    await store.put(tombstoneKey(name), bytes, condition);
  }
}

/** The tombstone of a name, whichever of its backups it is for. */
export async function readTombstone(
  store: ObjectStore,
  name: string,
): Promise<Tombstone | undefined> {
  return (await read(store, name))?.tombstone;
}

/** Removes the tombstone of a backup; that of another one of the name stays. */
export async function removeTombstone(
  store: ObjectStore,
  { name, runUid }: Deleted,
): Promise<void> {
  if ((await readTombstone(store, name))?.runUid === runUid) {
    await store.remove([tombstoneKey(name)]);
  }
}

async function read(
  store: ObjectStore,
  name: string,
): Promise<{ tombstone: Tombstone; version: ObjectVersion } | undefined> {
  const key = tombstoneKey(name);
  try {
    const object = await store.get(key);
    return { tombstone: parse(await gather(object), key), version: object.version };
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') {
      return undefined;
    }
    throw error;
  }
}

function parse(bytes: Buffer, key: string): Tombstone {
  try {
    // What is used of it is checked here; the rest was written by this very module.
    const tombstone = JSON.parse(bytes.toString('utf8')) as Tombstone;
    if (typeof tombstone.runUid === 'string') {
      return tombstone;
    }
  } catch {
    // Told below.
  }
  throw new Failure('unsupported-format', `${key} is not a tombstone`, { subject: key });
}
