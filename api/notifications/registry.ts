import type { Fields } from '../../domain/fields.ts';
import type { KeptEndpoint } from '../../domain/notifications/endpoint-resource.ts';
import type { Precondition } from '../../domain/revision.ts';

/** Where notification endpoints are kept; `activities/notifications/endpoint-registry.ts` says how. */
export interface EndpointKeeper {
  /** All of them, by name. */
  list(): Promise<readonly KeptEndpoint[]>;
  read(name: string): Promise<KeptEndpoint | undefined>;
  /** Keeps an endpoint. `other` where there is one of the name with another spec. Throws `quota-exceeded`. */
  create(name: string, spec: Fields): Promise<'created' | 'same' | 'other'>;
  /** Gives an endpoint another spec; false where there is none. Throws `precondition-failed`. */
  replace(name: string, spec: Fields, precondition?: Precondition): Promise<boolean>;
  /** Forgets an endpoint; false where there is none. Throws `precondition-failed`. */
  remove(name: string, precondition?: Precondition): Promise<boolean>;
}
