import type { StorageLocation } from '../../domain/storage-location.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { VolumeEngine } from '../engine/port.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** What a node agent works with; only the worker's composition root builds it. */
export interface NodeDependencies {
  readonly cluster: Pick<Cluster, 'read'>;
  /** Holdfast's own namespace, where the master key is. */
  readonly namespace: string;
  /** Name of the node. */
  readonly node: string;
  /** The kubelet's folder, as this process sees it. */
  readonly kubeletFolder: string;
  readonly engine: VolumeEngine;
  /** Volumes that are moved at the same time: they share the bandwidth of a location. */
  readonly copiesMax: number;
  /** A location by name. Throws `unknown-location`, as the next does. */
  readonly location: (name: string) => StorageLocation;
  readonly store: (location: string) => ObjectStore;
  /** Reads again the locations that come and go; whether something has changed. */
  readonly refreshLocations: () => Promise<boolean>;
}
