import type { LocationHealth } from '../../domain/locations/location-health.ts';
import type { LocationSpec } from '../../domain/locations/location-resource.ts';
import type { Precondition } from '../../domain/revision.ts';

/** Where storage locations are kept; `activities/locations/location-registry.ts` says how. */
export interface LocationKeeper {
  /** Keeps a location. `other` where there is one of the name with another spec. Throws `quota-exceeded`. */
  create(name: string, spec: LocationSpec): Promise<'created' | 'same' | 'other'>;
  /** Gives a location another spec; false where there is none. Throws `precondition-failed`. */
  replace(name: string, spec: LocationSpec, precondition?: Precondition): Promise<boolean>;
  /** Notes what a check found; nothing where the location is gone. */
  note(name: string, health: LocationHealth): Promise<void>;
  /** Forgets a location; false where there is none. What it holds stays. Throws `precondition-failed`. */
  remove(name: string, precondition?: Precondition): Promise<boolean>;
}
