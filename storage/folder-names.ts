import type { ObjectStore, ObjectVersion } from './object-store/port.ts';

/** Folders whose objects are listed together: with a dozen objects in each, about a page. */
const FOLDERS_TOGETHER = 80;
/** Pages of one such listing; the objects that it does not come to are read. */
const PAGES_MAX = 3;

/** Which folders directly below a prefix are asked for. */
export interface FolderQuery {
  /** Names up to this one were given before. */
  readonly after: string;
  readonly limit: number;
  readonly isNamed: (name: string) => boolean;
}

/** The first folders below a prefix in the order of their names, and whether there are more. */
export async function foldersAfter(
  store: ObjectStore,
  prefix: string,
  { after, limit, isNamed }: FolderQuery,
): Promise<{ readonly names: readonly string[]; readonly isMore: boolean }> {
  const found: string[] = [];
  const start = after === '' ? undefined : `${prefix}${after}`;
  for await (const folders of store.listFolders(prefix, start)) {
    const names = folders.map((folder) => folder.slice(0, -1));
    found.push(...names.filter((name) => name > after && isNamed(name)));
    if (found.length > limit) {
      break;
    }
  }
  const names = found.sort().slice(0, limit);
  if (found.length <= limit) {
    return { names, isMore: false };
  }
  const late = await lateFolders(store, prefix, { names, after });
  const all = [...names, ...late.filter(isNamed)].sort();
  return { names: all.slice(0, limit), isMore: true };
}

/**
 * Folders of a page that its listing has not come to: servers that list in the order of keys give `a-b/` before `a/`, so
 * that only a name that is the beginning of the last one can be among the rest.
 */
async function lateFolders(
  store: ObjectStore,
  prefix: string,
  { names, after }: { readonly names: readonly string[]; readonly after: string },
): Promise<string[]> {
  const last = names.at(-1) ?? '';
  const late: string[] = [];
  for (const { index } of last.matchAll(/[-.]/g)) {
    const name = last.slice(0, index);
    if (name > after && !names.includes(name) && (await isThere(store, `${prefix}${name}/`))) {
      late.push(name);
    }
  }
  return late;
}

async function isThere(store: ObjectStore, folder: string): Promise<boolean> {
  for await (const page of store.list(folder)) {
    return page.length > 0;
  }
  return false;
}

/** Tells the version of an object in one of some folders, as a listing of now shows it. */
export type ListedVersions = (key: string) => Promise<ObjectVersion | undefined>;

/** Lists the objects of folders when the first of them is asked for, many folders with one request. */
export function listedVersions(
  store: ObjectStore,
  prefix: string,
  names: readonly string[],
): ListedVersions {
  const parts = new Map(
    names.map((name, index) => [name, Math.floor(index / FOLDERS_TOGETHER)] as const),
  );
  const listings = new Map<number, Promise<ReadonlyMap<string, ObjectVersion>>>();
  return async (key) => {
    const part = parts.get(folderOf(key, prefix));
    if (part === undefined) {
      return undefined;
    }
    const first = part * FOLDERS_TOGETHER;
    const listing =
      listings.get(part) ??
      listVersions(store, prefix, names.slice(first, first + FOLDERS_TOGETHER));
    listings.set(part, listing);
    return (await listing).get(key);
  };
}

async function listVersions(
  store: ObjectStore,
  prefix: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, ObjectVersion>> {
  const [first = '', last = ''] = [names[0], names.at(-1)];
  const wanted = new Set(names);
  const versions = new Map<string, ObjectVersion>();
  let pages = 0;
  for await (const page of store.list(prefix, `${prefix}${justBefore(first)}`)) {
    for (const { key, version } of page) {
      if (wanted.has(folderOf(key, prefix))) {
        versions.set(key, version);
      }
    }
    pages += 1;
    if (pages === PAGES_MAX || folderOf(page.at(-1)?.key ?? '', prefix) > last) {
      break;
    }
  }
  return versions;
}

/** Text that is smaller than a name, with no other name in between. */
function justBefore(name: string): string {
  const code = name.charCodeAt(name.length - 1) - 1;
  const before = String.fromCharCode(code);
  // A key does not get another "/" by it.
  return `${name.slice(0, -1)}${before === '/' ? '.' : before}~`;
}

function folderOf(key: string, prefix: string): string {
  return key.slice(prefix.length, key.indexOf('/', prefix.length));
}
