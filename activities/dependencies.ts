import type { StorageLocation } from '../domain/storage-location.ts';
import { findLocation } from '../domain/storage-location.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import type { Cluster } from './kubernetes/port.ts';

/** The worker's real clients, which only its composition root builds. */
export interface Dependencies {
  readonly cluster: Cluster;
  /** The store of a location, by name. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
}

/** Opens each location once, when it is first asked for. */
export function storesOf(
  locations: readonly StorageLocation[],
  open: (location: StorageLocation) => ObjectStore,
): (location: string) => ObjectStore {
  const stores = new Map<string, ObjectStore>();
  return (name) => {
    const known = stores.get(name);
    if (known !== undefined) {
      return known;
    }
    const store = open(findLocation(locations, name));
    stores.set(name, store);
    return store;
  };
}
