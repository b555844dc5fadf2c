import type {
  PluginResource,
  PluginResourceList,
  RegisterPluginRequest,
} from '../../domain/api-resource.ts';
import { clusterQuery, pathOf, type Transport } from './transport.ts';

/** The plugins of clusters; of the default one where none is named. */
export class PluginsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async register(body: RegisterPluginRequest): Promise<PluginResource> {
    return this.#transport.send('POST', '/plugins', { body });
  }

  async list(cluster: string | undefined): Promise<PluginResourceList> {
    return this.#transport.send('GET', '/plugins', clusterQuery(cluster));
  }

  async get(name: string, cluster: string | undefined): Promise<PluginResource> {
    return this.#transport.send('GET', pathOf('plugins', name), clusterQuery(cluster));
  }

  async remove(name: string, cluster: string | undefined): Promise<void> {
    await this.#transport.text('DELETE', pathOf('plugins', name), clusterQuery(cluster));
  }
}
