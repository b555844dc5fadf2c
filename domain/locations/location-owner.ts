import type { FailureReport } from '../failure.ts';

/** Which Holdfast writes to a location, as `owner.json` of the location has it. */
export interface LocationOwner {
  readonly version: 1;
  readonly kind: 'LocationOwner';
  /** Id of the Temporal namespace, as claims have it. */
  readonly installation: string;
  /** When the location became its own, RFC 3339. */
  readonly since: string;
}

/** Why a Holdfast does not write to a location of another one. */
export function ownedElsewhere(
  location: string,
  { installation, since }: LocationOwner,
): FailureReport {
  return {
    code: 'location-owned',
    message: `the location ${location} belongs to another Holdfast (${installation}, since ${since}); choose another prefix, or, if that one is gone, take the location over: holdfast location adopt ${location}`,
    subject: location,
  };
}
