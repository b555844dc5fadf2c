import type { SecretReader } from '../../storage/object-store/secret-credentials.ts';
import type { AddressGuard } from './address-guard.ts';
import type { EndpointRegistry } from './endpoint-registry.ts';

/** What the activities that send notifications need. */
export interface NotificationDependencies {
  readonly endpoints: Pick<EndpointRegistry, 'list' | 'note' | 'read'>;
  readonly readSecret: SecretReader;
  readonly guard: AddressGuard;
}
