import type { Fields } from '../../domain/fields.ts';
import type {
  NotificationEndpointResource,
  NotificationEndpointResourceList,
  NotificationTest,
} from '../../domain/notifications/api-endpoint.ts';
import { pathOf, type Transport } from './transport.ts';

const PLURAL = 'notification-endpoints';

/** Notification endpoints. */
export class NotificationsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<NotificationEndpointResourceList> {
    return this.#transport.send('GET', `/${PLURAL}`, {});
  }

  async get(name: string): Promise<NotificationEndpointResource> {
    return this.#transport.send('GET', pathOf(PLURAL, name), {});
  }

  /** Keeps an endpoint, or gives it another spec. */
  async write(
    verb: 'create' | 'replace',
    { name, spec }: { readonly name: string; readonly spec: Fields },
  ): Promise<NotificationEndpointResource> {
    const [method, path] =
      verb === 'create' ? ['POST', `/${PLURAL}`] : ['PUT', pathOf(PLURAL, name)];
    return this.#transport.send(method, path, { body: { metadata: { name }, spec } });
  }

  async delete(name: string): Promise<void> {
    await this.#transport.text('DELETE', pathOf(PLURAL, name), {});
  }

  /** Has the worker of a cluster send a ping. */
  async test(name: string, cluster: string | undefined): Promise<NotificationTest> {
    const query: Record<string, string> = cluster === undefined ? {} : { cluster };
    return this.#transport.send('POST', `${pathOf(PLURAL, name)}:test`, { query });
  }
}
