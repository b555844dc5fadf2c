import type { ItemReference, ListedObject } from '../../domain/item.ts';
import { replacedFolder, replacedObjectKey } from '../../domain/object-key.ts';
import { gzipText } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Keeps the objects of the cluster that one restore deletes to make them anew. */
export class ReplacedObjects {
  readonly #store: ObjectStore;
  readonly #restore: string;

  constructor(store: ObjectStore, restore: string) {
    this.#store = store;
    this.#restore = restore;
  }

  /** Keeps an object as it is before its deletion; another one that had its name is kept beside it. */
  async save(item: ItemReference, { object, json }: ListedObject): Promise<void> {
    await this.#store.put(this.keyOf(item, object.metadata.uid), await gzipText(json));
  }

  /** Where the object of a uid is kept that had the name of an item, if it is. */
  keyOf(item: ItemReference, uid = ''): string {
    return replacedObjectKey(this.#restore, item, uid);
  }

  /** Where the objects are kept that had the name of an item. */
  async keysOf(item: ItemReference): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const page of this.#store.list(replacedFolder(this.#restore, item))) {
      keys.push(...page.map(({ key }) => key));
    }
    return keys;
  }
}
