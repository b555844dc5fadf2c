import { setTimeout as sleep } from 'node:timers/promises';

import { canonicalJson } from '../../domain/canonical-json.ts';
import { compareText } from '../../domain/compare-text.ts';
import { fields } from '../../domain/fields.ts';
import type { LocationHealth } from '../../domain/locations/location-health.ts';
import {
  keptLocation,
  type LocationSpec,
  locationObject,
  STORAGE_LOCATION,
  STORAGE_LOCATION_DEFINITION,
} from '../../domain/locations/location-resource.ts';
import { type Precondition, revisionOf } from '../../domain/revision.ts';
import type { KeptLocation } from '../../domain/storage-location.ts';
import { type OwnCluster, OwnObjects } from '../own-objects.ts';

/** Each process reads all of them again and again. */
const LOCATIONS_MAX = 500;
/** How long a cluster may take to serve a changed definition, and the pause between two tries. */
const SERVED_WITHIN_MS = 5000;
const PAUSE_MS = 200;

/**
 * The storage locations that are kept in a cluster, as custom resources in Holdfast's own namespace. All methods throw
 * what the cluster throws.
 */
export class LocationRegistry {
  readonly #objects: OwnObjects;
  readonly #namespace: string;

  constructor(cluster: OwnCluster, namespace: string) {
    const own = { type: STORAGE_LOCATION, definition: STORAGE_LOCATION_DEFINITION };
    this.#objects = new OwnObjects({ cluster, namespace, own, countMax: LOCATIONS_MAX });
    this.#namespace = namespace;
  }

  /** All of them, by name; none where the cluster does not know the type. */
  async list(): Promise<readonly KeptLocation[]> {
    const objects = await this.#objects.list();
    return objects.map(keptLocation).sort((left, right) => compareText(left.name, right.name));
  }

  /** Keeps a location. `other` where there is one of the name with another spec. Throws `quota-exceeded`. */
  async create(name: string, spec: LocationSpec): Promise<'created' | 'same' | 'other'> {
    await this.#objects.makeRoom(name);
    const live = await this.#objects.read(name);
    if (live === undefined) {
      await this.#endOtherDefaults(name, spec);
      const object = locationObject({ name, spec }, this.#namespace);
      return (await this.#objects.create(object)) ? 'created' : this.create(name, spec);
    }
    return canonicalJson(live['spec']) === canonicalJson(spec) ? 'same' : 'other';
  }

  /** Gives a location another spec; false where there is none. Throws `precondition-failed`. */
  async replace(name: string, spec: LocationSpec, precondition?: Precondition): Promise<boolean> {
    const live = await this.#objects.read(name);
    if (live !== undefined) {
      precondition?.(revisionOf(live.metadata));
      await this.#endOtherDefaults(name, spec);
    }
    return this.#objects.replace(name, spec, precondition);
  }

  /** Forgets a location; false where there is none. What it holds stays. Throws `precondition-failed`. */
  remove(name: string, precondition?: Precondition): Promise<boolean> {
    return this.#objects.remove(name, precondition);
  }

  /** Notes what a check found; nothing where the location is gone. */
  async note(name: string, health: LocationHealth): Promise<void> {
    const note = (): Promise<boolean> => this.#objects.patchStatus(name, { ...health });
    if ((await note()) || (await this.#objects.read(name)) === undefined) {
      return;
    }
    // The definition is that of a Holdfast whose locations had no status.
    await this.#objects.renewType();
    for (let waitedMs = 0; waitedMs < SERVED_WITHIN_MS && !(await note()); waitedMs += PAUSE_MS) {
      await sleep(PAUSE_MS);
    }
  }

  /** Before another is the default: who dies in between leaves none, which the same request mends, and never two. */
  async #endOtherDefaults(name: string, { isDefault }: LocationSpec): Promise<void> {
    if (isDefault !== true) {
      return;
    }
    for (const live of await this.#objects.list()) {
      const spec = fields(live['spec']);
      if (live.metadata.name !== name && spec['isDefault'] === true) {
        await this.#objects.patchSpec(live, { ...spec, isDefault: false });
      }
    }
  }
}
