import type { API_VERSION } from '../api-resource.ts';
import type { FailureReport } from '../failure.ts';
import type { Fields } from '../fields.ts';
import type { LocationOwner } from './location-owner.ts';
import type { LocationCheck, LocationPhase } from '../location-check.ts';
import type { LocationHealth } from './location-health.ts';
import type { Revision } from '../revision.ts';
import type { FolderLocation, S3Location } from '../storage-location.ts';

/** A storage location as it is configured; credentials are no part of it. */
export interface StorageLocationResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'StorageLocation';
  readonly metadata: {
    readonly name: string;
    /** Whether it is of the configuration of the processes, or kept as a resource that requests can change. */
    readonly origin: 'Configuration' | 'Resource';
  } & Partial<Revision>;
  /** The default flag alone for one that cannot be used. */
  readonly spec: (
    | Omit<S3Location, 'name'>
    | Omit<FolderLocation, 'name'>
    | { readonly provider?: never; readonly readOnly?: never }
  ) & {
    /** Whether it is meant by requests that name none. */
    readonly isDefault: boolean;
  };
  /** What the last check found, of a location that is kept; left out where there was none. Or why it cannot be used. */
  readonly status?: Partial<LocationHealth> & {
    readonly phase: LocationPhase;
    /** In the answer to the check alone. */
    readonly checks: readonly LocationCheck[];
    /** Which Holdfast writes to it; left out before its first backup. */
    readonly owner?: Pick<LocationOwner, 'installation' | 'since'> & { readonly isOwn: boolean };
    readonly problem?: FailureReport;
  };
}

/** Body of `POST /storage-locations` and `PUT /storage-locations/{name}`. */
export interface CreateLocationRequest {
  readonly metadata: { readonly name: string };
  /** Fields of a location, and `isDefault`. */
  readonly spec: Fields;
}

export interface StorageLocationResourceList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'StorageLocationList';
  readonly items: readonly StorageLocationResource[];
}
