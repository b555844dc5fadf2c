import type { Fields } from '../../domain/fields.ts';
import type { LocationInventory } from '../../domain/location-inventory.ts';
import type {
  StorageLocationResource,
  StorageLocationResourceList,
} from '../../domain/locations/api-location.ts';
import type {
  CreateReconciliationRequest,
  ReconciliationResource,
} from '../../domain/reconciliation.ts';
import { checkSignal, pathOf, type Transport } from './transport.ts';

const PLURAL = 'storage-locations';

/** Storage locations, and what is found in them. */
export class LocationsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<StorageLocationResourceList> {
    return this.#transport.send('GET', `/${PLURAL}`, {});
  }

  async get(name: string): Promise<StorageLocationResource> {
    return this.#transport.send('GET', pathOf(PLURAL, name), {});
  }

  /** Whose backups a location holds; the record of every backup is read for that. */
  async inventory(name: string): Promise<LocationInventory> {
    const signal = checkSignal();
    return this.#transport.send('GET', `${pathOf(PLURAL, name)}/inventory`, { signal });
  }

  /** Keeps a location, or gives it another spec. */
  async write(
    verb: 'create' | 'replace',
    { name, spec }: { readonly name: string; readonly spec: Fields },
    isChecked: boolean,
  ): Promise<StorageLocationResource> {
    const query: Record<string, string> = isChecked ? {} : { check: 'false' };
    const [method, path] =
      verb === 'create' ? ['POST', `/${PLURAL}`] : ['PUT', pathOf(PLURAL, name)];
    const body = { metadata: { name }, spec };
    return this.#transport.send(method, path, { body, query, signal: checkSignal() });
  }

  /** Changes fields of a location; those that are null go. */
  async change(name: string, spec: Fields, isChecked: boolean): Promise<StorageLocationResource> {
    const query: Record<string, string> = isChecked ? {} : { check: 'false' };
    const patch = { body: { spec }, query, signal: checkSignal() };
    return this.#transport.send('PATCH', pathOf(PLURAL, name), patch);
  }

  /** Forgets a location; what is in it stays. */
  async delete(name: string): Promise<void> {
    await this.#transport.text('DELETE', pathOf(PLURAL, name), {});
  }

  /** Tries each operation of a location, or takes it over from another Holdfast. */
  async verb(name: string, verb: 'check' | 'adopt'): Promise<StorageLocationResource> {
    const signal = checkSignal();
    return this.#transport.send('POST', `${pathOf(PLURAL, name)}:${verb}`, { signal });
  }

  /** Looks for what dead runs have left in the location, and perhaps removes it. */
  async reconcile(body: CreateReconciliationRequest): Promise<ReconciliationResource> {
    return this.#transport.send('POST', '/reconciliations', { body });
  }

  /** The last look at a location. */
  async reconciliation(name: string, cluster: string): Promise<ReconciliationResource> {
    return this.#transport.send('GET', pathOf('reconciliations', name), { query: { cluster } });
  }
}
