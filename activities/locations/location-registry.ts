import { canonicalJson } from '../../domain/canonical-json.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import type { ItemReference, KubernetesObject } from '../../domain/item.ts';
import {
  keptLocation,
  type LocationSpec,
  locationObject,
  STORAGE_LOCATION,
  STORAGE_LOCATION_DEFINITION,
} from '../../domain/locations/location-resource.ts';
import type { KeptLocation } from '../../domain/storage-location.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { ensureNamespace } from '../own-namespace.ts';
import { countOwn, isUnserved } from '../own-type.ts';

const LOCATION_TYPE = { type: STORAGE_LOCATION, definition: STORAGE_LOCATION_DEFINITION };
/** How often a location is written that somebody else writes at the same time. */
const TRIES_MAX = 5;
/** Each process reads all of them again and again. */
const LOCATIONS_MAX = 500;

type RegistryCluster = Pick<
  Cluster,
  'count' | 'create' | 'discover' | 'listPages' | 'patch' | 'read' | 'remove'
>;

/**
 * The storage locations that are kept in a cluster, as custom resources in Holdfast's own namespace. All methods throw
 * what the cluster throws.
 */
export class LocationRegistry {
  readonly #cluster: RegistryCluster;
  readonly #namespace: string;

  constructor(cluster: RegistryCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** All of them, by name; none where the cluster does not know the type. */
  async list(): Promise<readonly KeptLocation[]> {
    const objects = await this.#objects();
    return objects.map(keptLocation).sort((left, right) => compareText(left.name, right.name));
  }

  /** Keeps a location. `other` where there is one of the name with another spec. Throws `quota-exceeded`. */
  async create(name: string, spec: LocationSpec): Promise<'created' | 'same' | 'other'> {
    const count = await countOwn(this.#cluster, LOCATION_TYPE, this.#namespace);
    if (count >= LOCATIONS_MAX) {
      const text = `there are ${String(count)} storage locations, and may be ${String(LOCATIONS_MAX)}; delete one`;
      throw new Failure('quota-exceeded', text, { subject: name });
    }
    await ensureNamespace(this.#cluster, this.#namespace);
    const live = await this.#read(name);
    if (live === undefined) {
      await this.#endOtherDefaults(name, spec);
      const object = locationObject({ name, spec }, this.#namespace);
      const { kind } = await this.#cluster.create(STORAGE_LOCATION, object);
      return kind === 'created' ? 'created' : this.create(name, spec);
    }
    return canonicalJson(live['spec']) === canonicalJson(spec) ? 'same' : 'other';
  }

  /** Gives a location another spec; false where there is none. Throws `precondition-failed`. */
  async replace(name: string, spec: LocationSpec): Promise<boolean> {
    if ((await this.#read(name)) !== undefined) {
      await this.#endOtherDefaults(name, spec);
    }
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const live = await this.#read(name);
      if (live === undefined) {
        return false;
      }
      if (await this.#patch(live, spec)) {
        return true;
      }
    }
    const text = `the StorageLocation ${name} is changed again and again by somebody else; try again`;
    throw new Failure('precondition-failed', text, { subject: name });
  }

  /** Forgets a location; false where there is none. What it holds stays. */
  async remove(name: string): Promise<boolean> {
    const live = await this.#read(name);
    if (live === undefined) {
      return false;
    }
    const { uid = '', resourceVersion = '' } = live.metadata;
    const removal = { uid, resourceVersion, propagation: 'Background' } as const;
    await this.#cluster.remove(STORAGE_LOCATION, this.#item(name), removal);
    return true;
  }

  /** Before another is the default: who dies in between leaves none, which the same request mends, and never two. */
  async #endOtherDefaults(name: string, { isDefault }: LocationSpec): Promise<void> {
    if (isDefault !== true) {
      return;
    }
    for (const live of await this.#objects()) {
      const spec = fields(live['spec']);
      if (live.metadata.name !== name && spec['isDefault'] === true) {
        await this.#patch(live, { ...spec, isDefault: false });
      }
    }
  }

  /** False where somebody else has changed it meanwhile. */
  async #patch(live: KubernetesObject, spec: LocationSpec): Promise<boolean> {
    const { name, resourceVersion } = live.metadata;
    // A merge patch keeps what it does not name.
    const gone = Object.fromEntries(Object.keys(fields(live['spec'])).map((key) => [key, null]));
    const merge = { metadata: { resourceVersion }, spec: { ...gone, ...spec } };
    try {
      return (
        (await this.#cluster.patch(STORAGE_LOCATION, this.#item(name), { merge })) !== undefined
      );
    } catch (error) {
      if (error instanceof Failure && error.code === 'precondition-failed') {
        return false;
      }
      throw error;
    }
  }

  async #objects(): Promise<KubernetesObject[]> {
    const objects: KubernetesObject[] = [];
    const scope = { type: STORAGE_LOCATION, namespace: this.#namespace };
    const { signal } = new AbortController();
    try {
      for await (const page of this.#cluster.listPages(scope, { signal, isMixedAllowed: true })) {
        objects.push(...page.map(({ object }) => object));
      }
    } catch (error) {
      if (await isUnserved(this.#cluster, STORAGE_LOCATION, error)) {
        return [];
      }
      throw error;
    }
    return objects;
  }

  #read(name: string): Promise<KubernetesObject | undefined> {
    return this.#cluster.read(STORAGE_LOCATION, this.#item(name));
  }

  #item(name: string): ItemReference {
    const { group, resource } = STORAGE_LOCATION;
    return { group, resource, namespace: this.#namespace, name };
  }
}
