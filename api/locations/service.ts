import {
  API_VERSION,
  type StorageLocationResource,
  type StorageLocationResourceList,
} from '../../domain/api-resource.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import { phaseOfChecks } from '../../domain/location-check.ts';
import { DEFAULT_LOCATION, type StorageLocation } from '../../domain/storage-location.ts';
import { checkLocation } from '../../storage/location-check.ts';

/** The storage locations that are configured, as they are seen from the API. */
export class LocationService {
  readonly #locations: readonly StorageLocation[];
  /** Checks that are under way, by the name of the location: who asks meanwhile gets the same answer. */
  readonly #checks = new Map<string, Promise<StorageLocationResource>>();

  constructor(locations: readonly StorageLocation[]) {
    this.#locations = locations;
  }

  /** All of them, by name. */
  list(): StorageLocationResourceList {
    const items = this.#locations.map((location) => resourceOf(location));
    items.sort((a, b) => compareText(a.metadata.name, b.metadata.name));
    return { apiVersion: API_VERSION, kind: 'StorageLocationList', items };
  }

  /** One of them. Throws `not-found`. */
  get(name: string): StorageLocationResource {
    return resourceOf(this.#find(name));
  }

  /** One of them, with what each of its operations does now. Throws `not-found`. */
  check(name: string): Promise<StorageLocationResource> {
    const location = this.#find(name);
    const check = this.#checks.get(name) ?? this.#begin(location);
    this.#checks.set(name, check);
    return check;
  }

  async #begin(location: StorageLocation): Promise<StorageLocationResource> {
    try {
      const checks = await checkLocation(location);
      const status = { phase: phaseOfChecks(checks), checkedAt: new Date().toISOString(), checks };
      return { ...resourceOf(location), status };
    } finally {
      this.#checks.delete(location.name);
    }
  }

  #find(name: string): StorageLocation {
    const found = this.#locations.find((location) => location.name === name);
    if (found === undefined) {
      const text = `there is no storage location ${name}; see GET /storage-locations`;
      throw new Failure('not-found', text, { subject: name });
    }
    return found;
  }
}

function resourceOf({ name, ...location }: StorageLocation): StorageLocationResource {
  const endpoint = 'endpoint' in location ? withoutUser(location.endpoint) : undefined;
  return {
    ...{ apiVersion: API_VERSION, kind: 'StorageLocation', metadata: { name } },
    spec: {
      ...location,
      ...(endpoint === undefined ? {} : { endpoint }),
      isDefault: name === DEFAULT_LOCATION,
    },
  };
}

/** A URL may carry a user and a password. */
function withoutUser(endpoint: string | undefined): string | undefined {
  return endpoint?.replace(/(?<=^[a-z]+:\/\/)[^/]*@/i, '');
}
