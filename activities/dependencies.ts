import type { StorageLocation } from '../domain/storage-location.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import type { VolumeEngine } from './engine/port.ts';
import type { Cluster } from './kubernetes/port.ts';
import type { Leases } from './volumes/lease-port.ts';

/** The worker's real clients, which only its composition root builds. */
export interface Dependencies {
  readonly cluster: Cluster;
  /** Holdfast's own namespace: resource policies are read there, and it is left out of backups that do not name it. */
  readonly namespace: string;
  readonly leases: Leases;
  /** Image of pods that only mount a volume; undefined where none is configured. */
  readonly image?: string;
  /** When an image was last seen to run, by its name, in milliseconds since 1970. */
  readonly seenImages: Map<string, number>;
  /** Whether somebody has asked a task queue for activities lately. */
  readonly isServed: (taskQueue: string) => Promise<boolean>;
  readonly engine: VolumeEngine;
  /** What is known of a location, by name. Throws `unknown-location`. */
  readonly location: (location: string) => StorageLocation;
  /** Names of the locations there are now. */
  readonly locations: () => Promise<readonly string[]>;
  /** The store of a location, by name. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
  /** Reads again the locations that come and go; whether something has changed. */
  readonly refreshLocations: () => Promise<boolean>;
}

/** What activities have that write or compare whose something is. */
export interface OwnDependencies extends Dependencies {
  /** The Holdfast that the worker belongs to now, as its claims name it: the Temporal namespace's own id. */
  readonly installation: string;
}

/** All that the activities of a worker are made with. */
export interface WorkerDependencies extends Dependencies {
  /** Asks for the installation, which is another one when a worker outlives Temporal's data. */
  readonly installation: () => Promise<string>;
}
