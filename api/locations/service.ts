import { API_VERSION } from '../../domain/api-resource.ts';
import type {
  CreateLocationRequest,
  StorageLocationResource,
  StorageLocationResourceList,
} from '../../domain/locations/api-location.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { compareText } from '../../domain/compare-text.ts';
import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import { type LocationCheck, phaseOfChecks } from '../../domain/location-check.ts';
import { healthOf } from '../../domain/locations/location-health.ts';
import type { LocationSpec } from '../../domain/locations/location-resource.ts';
import type { Precondition } from '../../domain/revision.ts';
import { withoutUser } from '../../domain/s3-options.ts';
import {
  type KeptLocation,
  requireWritable,
  type StorageLocation,
} from '../../domain/storage-location.ts';
import { adoptLocation, readOwner } from '../../storage/location-owner.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { LocationKeeper } from './registry.ts';
import { requestedLocation } from './requested-location.ts';

const URL_FIELDS = new Set(['endpoint', 'proxyUrl']);

interface LocationSources {
  readonly locations: LocationSet;
  /** Undefined where the API has no cluster to keep them in. */
  readonly keeper?: LocationKeeper | undefined;
  /** What each operation of a location does now. */
  readonly check: (location: StorageLocation) => Promise<LocationCheck[]>;
  /** What uses a location, for people; nothing when empty. */
  readonly usesOf: (location: string) => Promise<readonly string[]>;
  readonly store: (location: string) => ObjectStore;
  /** Which Holdfast this is. */
  readonly installation: () => Promise<string>;
}

/** A location that was made, or met. */
interface CreatedLocation {
  readonly resource: StorageLocationResource;
  readonly isNew: boolean;
}

/** What is asked for beside the location itself. */
interface WriteOptions {
  /** Keep it whatever its operations do. */
  readonly isUnchecked: boolean;
  readonly precondition?: Precondition | undefined;
}

/** What a check has found, and of which state of the spec. */
interface Found {
  readonly checks: readonly LocationCheck[];
  /** Undefined for a location of the configuration. */
  readonly generation: number | undefined;
}

/** The storage locations, as they are seen from the API: those of the configuration, and those that are kept. */
export class LocationService {
  readonly #sources: LocationSources;
  /** Checks that are under way, by the name of the location: who asks meanwhile gets the same answer. */
  readonly #checks = new Map<string, Promise<StorageLocationResource>>();

  constructor(sources: LocationSources) {
    this.#sources = sources;
  }

  /** All of them, by name. */
  async list(): Promise<StorageLocationResourceList> {
    const { locations } = this.#sources;
    await locations.freshen();
    const broken = locations.kept.filter(({ location }) => location === undefined);
    const items = [
      ...locations.all.map((location) => this.#resource(location)),
      ...broken.map(brokenResource),
    ];
    items.sort((a, b) => compareText(a.metadata.name, b.metadata.name));
    return { apiVersion: API_VERSION, kind: 'StorageLocationList', items };
  }

  /** One of them. Throws `not-found`. */
  async get(name: string): Promise<StorageLocationResource> {
    const { locations } = this.#sources;
    await locations.freshen(name);
    const broken = locations.kept.find((kept) => kept.name === name && kept.problem !== undefined);
    return broken === undefined ? this.#resource(this.#find(name)) : brokenResource(broken);
  }

  /** One of them, with what each of its operations does now. Throws `not-found`. */
  async check(name: string): Promise<StorageLocationResource> {
    await this.#sources.locations.freshen(name);
    const location = this.#find(name);
    const check = this.#checks.get(name) ?? this.#begin(location);
    this.#checks.set(name, check);
    return check;
  }

  /**
   * Keeps a location, or gives the one that the same request made before. Throws `already-exists`, and
   * `location-unavailable` for one whose operations fail.
   */
  async create(
    { metadata: { name }, spec }: CreateLocationRequest,
    options: WriteOptions,
  ): Promise<CreatedLocation> {
    const keeper = this.#keeperOf(name);
    const { locations } = this.#sources;
    const location = requestedLocation(name, spec);
    await locations.refresh();
    const there = this.#kept(name);
    if (there === undefined) {
      this.#requireOwnPlace(location);
      const checks = await this.#requireAvailable(location, options);
      const made = await keeper.create(name, spec);
      await locations.refresh();
      if (made === 'created') {
        return { resource: await this.#noted(name, checks), isNew: true };
      }
    }
    this.#requireSame(name, location, spec);
    return { resource: await this.get(name), isNew: false };
  }

  /** Gives a location another spec, or makes it. One that is in use keeps its place. Throws as `create` does. */
  async replace(request: CreateLocationRequest, options: WriteOptions): Promise<CreatedLocation> {
    const { name } = request.metadata;
    const keeper = this.#keeperOf(name);
    const { locations } = this.#sources;
    const location = requestedLocation(name, request.spec);
    await locations.refresh();
    const there = this.#kept(name);
    // What is to be refused is refused before the place is looked at, which takes long.
    options.precondition?.(there?.revision);
    if (there === undefined) {
      return this.create(request, options);
    }
    if (there.location !== undefined && placeOf(there.location) !== placeOf(location)) {
      this.#requireOwnPlace(location);
      await this.#requireUnused(name, 'cannot be moved');
    }
    const checks = await this.#requireAvailable(location, options);
    if (!(await keeper.replace(name, request.spec, options.precondition))) {
      throw missing(name);
    }
    await locations.refresh();
    return { resource: await this.#noted(name, checks), isNew: false };
  }

  /** A location as it is kept, with what a URL of it may carry. Throws `not-found` and `location-fixed`. */
  async kept(name: string): Promise<KeptLocation> {
    this.#keeperOf(name);
    const { locations } = this.#sources;
    await locations.refresh();
    const found = this.#kept(name);
    if (found === undefined) {
      throw missing(name);
    }
    return found;
  }

  /** Forgets a location; what is in it stays. Throws `not-found` and `in-use`. */
  async remove(name: string, precondition?: Precondition): Promise<void> {
    const keeper = this.#keeperOf(name);
    const { locations } = this.#sources;
    await locations.refresh();
    await this.#requireUnused(name, 'cannot be deleted');
    if (!(await keeper.remove(name, precondition))) {
      throw missing(name);
    }
    await locations.refresh();
  }

  /**
   * Takes a location over from another Holdfast, which makes no backups in it from then on. Throws `not-found`,
   * `location-read-only`, and what the location throws.
   */
  async adopt(name: string): Promise<StorageLocationResource> {
    const { locations, store, installation } = this.#sources;
    await locations.freshen(name);
    const location = this.#find(name);
    requireWritable(location);
    const claimant = { installation: await installation(), since: recordTime(Date.now()) };
    await adoptLocation(store(name), claimant);
    return this.#resource(location);
  }

  async #begin(location: StorageLocation): Promise<StorageLocationResource> {
    const { name } = location;
    try {
      const generation = this.#kept(name)?.revision.generation;
      const checks = await this.#sources.check(location);
      const owner = phaseOfChecks(checks) === 'Unavailable' ? undefined : await this.#owner(name);
      const status = await this.#note(name, { checks, generation });
      const said = owner === undefined ? status : { ...status, owner };
      return { ...this.#resource(location), status: said };
    } finally {
      this.#checks.delete(name);
    }
  }

  /** A location that was written, with what its check found, if it was checked. */
  async #noted(
    name: string,
    checks: LocationCheck[] | undefined,
  ): Promise<StorageLocationResource> {
    const resource = await this.get(name);
    if (checks === undefined) {
      return resource;
    }
    const { generation } = resource.metadata;
    return { ...resource, status: await this.#note(name, { checks, generation }) };
  }

  /** What a check found, which the resource of the location keeps from now on. */
  async #note(name: string, { checks, generation }: Found) {
    const { keeper, locations } = this.#sources;
    const before = this.#kept(name)?.health;
    const health = healthOf(checks, { checkedAt: recordTime(Date.now()), generation, before });
    if (generation !== undefined) {
      try {
        await keeper?.note(name, health);
        await locations.refresh();
      } catch {
        // The answer has it all the same, and the next check notes it.
      }
    }
    return { ...health, checks };
  }

  #kept(name: string): KeptLocation | undefined {
    return this.#sources.locations.kept.find((kept) => kept.name === name);
  }

  async #owner(name: string): Promise<NonNullable<StorageLocationResource['status']>['owner']> {
    const { store, installation } = this.#sources;
    const owner = await readOwner(store(name));
    if (owner === undefined) {
      return undefined;
    }
    const { installation: its, since } = owner;
    return { installation: its, since, isOwn: its === (await installation()) };
  }

  async #requireAvailable(
    location: StorageLocation,
    { isUnchecked }: WriteOptions,
  ): Promise<LocationCheck[] | undefined> {
    if (isUnchecked) {
      return undefined;
    }
    const checks = await this.#sources.check(location);
    if (phaseOfChecks(checks) === 'Unavailable') {
      const failed = checks.find(({ result }) => result === 'failed');
      const why = failed?.failure?.message ?? 'an operation failed';
      const text = `the storage location ${location.name} cannot be used: ${failed?.name ?? ''} failed: ${why}; correct its fields, or keep it all the same with check=false`;
      throw new Failure('location-unavailable', text, { subject: location.name });
    }
    return checks;
  }

  /** One bucket and prefix is one location: two would not see each other's claims of names. */
  #requireOwnPlace(location: StorageLocation): void {
    const place = placeOf(location);
    const other = this.#sources.locations.all.find(
      (known) => known.name !== location.name && placeOf(known) === place,
    );
    if (other !== undefined) {
      const text = `the storage location ${other.name} has this place already; use it, or choose another ${location.provider === 's3' ? 'prefix' : 'path'}`;
      throw new Failure('already-exists', text, { subject: 'spec' });
    }
  }

  async #requireUnused(name: string, what: string): Promise<void> {
    const uses = await this.#sources.usesOf(name);
    if (uses.length > 0) {
      const text = `the storage location ${name} ${what} while it is used by ${uses.join(', ')}`;
      throw new Failure('in-use', text, { subject: name });
    }
  }

  #requireSame(name: string, location: StorageLocation, spec: LocationSpec): void {
    const there = this.#kept(name);
    const isDefault = spec['isDefault'] === true;
    const isSame =
      canonicalJson(there?.location) === canonicalJson(location) && there?.isDefault === isDefault;
    if (!isSame) {
      const text = `there is a storage location ${name} with another spec; replace it (PUT), or choose another name`;
      throw new Failure('already-exists', text, { subject: 'metadata.name' });
    }
  }

  #keeperOf(name: string): LocationKeeper {
    const { locations, keeper } = this.#sources;
    if (locations.isFixed(name)) {
      const text = `the storage location ${name} is of the configuration of this process (HOLDFAST_LOCATIONS), and is changed there`;
      throw new Failure('location-fixed', text, { subject: name });
    }
    if (keeper === undefined) {
      const text =
        'this API has no cluster in which to keep storage locations; give it a kubeconfig (KUBECONFIG), or configure the location in HOLDFAST_LOCATIONS';
      throw new Failure('location-fixed', text, { subject: name });
    }
    return keeper;
  }

  #find(name: string): StorageLocation {
    const found = this.#sources.locations.all.find((location) => location.name === name);
    if (found === undefined) {
      throw missing(name);
    }
    return found;
  }

  #origin(name: string): Omit<StorageLocationResource['metadata'], 'name'> {
    const { locations } = this.#sources;
    const revision = this.#kept(name)?.revision;
    return { origin: locations.isFixed(name) ? 'Configuration' : 'Resource', ...revision };
  }

  #resource({ name, ...location }: StorageLocation): StorageLocationResource {
    const { locations } = this.#sources;
    const health = this.#kept(name)?.health;
    return {
      ...{ apiVersion: API_VERSION, kind: 'StorageLocation' },
      metadata: { name, ...this.#origin(name) },
      spec: {
        ...shown(location),
        isDefault: name === locations.defaultName,
      },
      ...(health === undefined ? {} : { status: { ...health, checks: [] } }),
    };
  }
}

/** One that people wrote to, and that cannot be used. */
function brokenResource(kept: KeptLocation): StorageLocationResource {
  const { name, revision, problem, isDefault } = kept;
  return {
    ...{ apiVersion: API_VERSION, kind: 'StorageLocation' },
    metadata: { name, origin: 'Resource', ...revision },
    spec: { isDefault },
    ...(problem === undefined ? {} : { status: { phase: 'Unavailable', checks: [], problem } }),
  };
}

function placeOf(location: StorageLocation): string {
  return location.provider === 'folder'
    ? location.path.replace(/\/+$/, '')
    : JSON.stringify([location.endpoint ?? '', location.bucket, location.prefix]);
}

function missing(name: string): Failure {
  const text = `there is no storage location ${name}; see GET /storage-locations`;
  return new Failure('not-found', text, { subject: name });
}

/** A location without what a URL may carry: a user and a password. */
function shown<Location extends Omit<StorageLocation, 'name'>>(location: Location): Location {
  const urls = Object.entries(location).filter(([field]) => URL_FIELDS.has(field));
  return {
    ...location,
    ...Object.fromEntries(urls.map(([field, url]) => [field, withoutUser(String(url))])),
  };
}
