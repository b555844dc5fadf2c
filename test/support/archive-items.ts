import { backupKeys } from '../../domain/object-key.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Every item of a backup with its hash, read out of the tarball by its index, in the order of their names. */
export async function archiveItems(store: ObjectStore, name: string): Promise<string[]> {
  const keys = backupKeys(name);
  const { signal } = new AbortController();
  const items: string[] = [];
  for await (const lines of readIndex(store, keys.index)) {
    for await (const { line } of readBodies(store, { archiveKey: keys.archive, lines, signal })) {
      items.push(`${line.resource}/${line.namespace}/${line.name} ${line.sha256}`);
    }
  }
  return items.sort();
}

/** Keys of everything under a prefix. */
export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) {
    keys.push(...page.map(({ key }) => key));
  }
  return keys;
}
