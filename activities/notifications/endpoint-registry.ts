import { canonicalJson } from '../../domain/canonical-json.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import type { Fields } from '../../domain/fields.ts';
import type { EndpointStatus } from '../../domain/notifications/endpoint.ts';
import {
  ENDPOINT_DEFINITION,
  endpointObject,
  type KeptEndpoint,
  keptEndpoint,
  NOTIFICATION_ENDPOINT,
} from '../../domain/notifications/endpoint-resource.ts';
import type { Precondition } from '../../domain/revision.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { type OwnCluster, OwnObjects } from '../own-objects.ts';

/** Each event has a delivery of its own to each of them. */
const ENDPOINTS_MAX = 50;

/**
 * The notification endpoints that are kept in a cluster, as custom resources in Holdfast's own namespace. All methods
 * throw what the cluster throws.
 */
export class EndpointRegistry {
  readonly #objects: OwnObjects;
  readonly #namespace: string;

  constructor(cluster: OwnCluster, namespace: string) {
    const own = { type: NOTIFICATION_ENDPOINT, definition: ENDPOINT_DEFINITION };
    this.#objects = new OwnObjects({ cluster, namespace, own, countMax: ENDPOINTS_MAX });
    this.#namespace = namespace;
  }

  /** The first of them by name, no more than there may be; none where the cluster does not know the type. */
  async list(): Promise<readonly KeptEndpoint[]> {
    const kept = (await this.#objects.list()).map(keptEndpoint);
    return kept.sort((left, right) => compareText(left.name, right.name)).slice(0, ENDPOINTS_MAX);
  }

  async read(name: string): Promise<KeptEndpoint | undefined> {
    const object = await this.#objects.read(name);
    return object && keptEndpoint(object);
  }

  /** Keeps an endpoint. `other` where there is one of the name with another spec. Throws `quota-exceeded`. */
  async create(name: string, spec: Fields): Promise<'created' | 'same' | 'other'> {
    const live = await this.#objects.read(name);
    if (live !== undefined) {
      return canonicalJson(live['spec']) === canonicalJson(spec) ? 'same' : 'other';
    }
    await this.#objects.makeRoom(name);
    const object = endpointObject({ name, spec }, this.#namespace);
    return (await this.#objects.create(object)) ? 'created' : this.create(name, spec);
  }

  /** Gives an endpoint another spec; false where there is none. Throws `precondition-failed`. */
  replace(name: string, spec: Fields, precondition?: Precondition): Promise<boolean> {
    return this.#objects.replace(name, spec, precondition);
  }

  /** Forgets an endpoint; false where there is none. Throws `precondition-failed`. */
  remove(name: string, precondition?: Precondition): Promise<boolean> {
    return this.#objects.remove(name, precondition);
  }

  /** Notes what came of a delivery; nothing where the endpoint is gone. Fields that are null go. */
  async note(
    name: string,
    status: { readonly [Field in keyof EndpointStatus]?: EndpointStatus[Field] | null },
  ): Promise<void> {
    await this.#objects.patchStatus(name, status);
  }
}

/**
 * Whether there may be an endpoint. Never throws: where that cannot be found out now it may be so, and where this account
 * may not ask it could not deliver either.
 */
export async function mayHaveEndpoints({
  cluster,
  namespace,
}: {
  readonly cluster: Pick<Cluster, 'count'>;
  readonly namespace: string;
}): Promise<boolean> {
  try {
    return (await cluster.count({ type: NOTIFICATION_ENDPOINT, namespace })) > 0;
  } catch (error) {
    const code = error instanceof Failure ? error.code : undefined;
    return code !== 'not-found' && code !== 'cluster-forbidden';
  }
}
