import type { ObjectStore } from '../storage/object-store/port.ts';
import type { Cluster } from './kubernetes/port.ts';

/** The worker's real clients, which only its composition root builds. */
export interface Dependencies {
  readonly cluster: Cluster;
  /** The store of a location, by name. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
}
