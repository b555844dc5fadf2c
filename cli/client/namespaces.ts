import type { NamespaceResource, NamespaceResourceList } from '../../domain/api-namespace.ts';
import { pathOf, type Query, type Transport } from './transport.ts';

/** The namespaces of the API's own cluster, and how well they are protected. */
export class NamespacesClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(query: Query): Promise<NamespaceResourceList> {
    return this.#transport.pages('/namespaces', query);
  }

  async get(name: string, query: Query): Promise<NamespaceResource> {
    return this.#transport.send('GET', pathOf('namespaces', name), { query });
  }
}
