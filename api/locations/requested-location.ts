import { Failure } from '../../domain/failure.ts';
import { type LocationSpec, parseLocation } from '../../domain/locations/location-resource.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { RequestFailure } from '../errors.ts';

/** The location that a request asks for. Throws `invalid-request` with a pointer to the field. */
export function requestedLocation(name: string, spec: LocationSpec): StorageLocation {
  try {
    return parseLocation(name, spec);
  } catch (error) {
    if (error instanceof Failure && error.subject?.startsWith('spec') === true) {
      const { subject, message } = error;
      const pointer = `/${subject.replaceAll('.', '/')}`;
      throw new RequestFailure([fieldError(pointer, message.slice(subject.length + 1))]);
    }
    throw error;
  }
}
