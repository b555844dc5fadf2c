import { CHECK_PREFIX } from '../../domain/object-key.ts';
import type { Orphan } from '../../domain/orphan.ts';
import type {
  ObjectEntry,
  ObjectStore,
  UnfinishedUpload,
} from '../../storage/object-store/port.ts';
import { byFolder } from './by-folder.ts';

/** A check of a location takes minutes; what is older than this is of one that was cut off. */
const LEFT_AFTER_MS = 24 * 3_600_000;

/** What one check of a location has left. */
interface LeftCheck {
  readonly orphan: Orphan;
  readonly keys: readonly string[];
  readonly uploads: readonly UnfinishedUpload[];
}

/** What checks have left that were cut off: each writes into a folder of its own, which has no run. */
export async function leftChecks(store: ObjectStore): Promise<LeftCheck[]> {
  const uploads = byFolder(CHECK_PREFIX, await store.listUploads(CHECK_PREFIX));
  const objects = new Map<string, ObjectEntry[]>();
  for await (const page of store.list(CHECK_PREFIX)) {
    byFolder(CHECK_PREFIX, page, objects);
  }
  const ids = new Set([...objects.keys(), ...uploads.keys()]);
  return [...ids].flatMap((id) => leftIn(id, objects.get(id) ?? [], uploads.get(id) ?? []) ?? []);
}

function leftIn(
  id: string,
  entries: readonly ObjectEntry[],
  uploads: readonly UnfinishedUpload[],
): LeftCheck | undefined {
  const place = `${CHECK_PREFIX}${id}/`;
  const times = [
    ...entries.map(({ modified }) => modified ?? new Date().toISOString()),
    ...uploads.map(({ since }) => since),
  ].sort();
  if (Date.parse(times.at(-1) ?? '') > Date.now() - LEFT_AFTER_MS) {
    return undefined;
  }
  const [since] = times;
  const reason = 'a check of the location was cut off before it removed what it had written';
  return {
    orphan: {
      ...{ kind: 'LeftCheck', place, reason, ...(since === undefined ? {} : { since }) },
      objects: entries.length + uploads.length,
      sizeBytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    keys: entries.map(({ key }) => key),
    uploads,
  };
}
