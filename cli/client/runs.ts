import type {
  BackupPreview,
  BackupResource,
  ResourceList,
  RestorePreview,
  RunResource,
} from '../../domain/api-resource.ts';
import { pathOf, type Query, type Transport } from './transport.ts';

/** Longest that the API waits for a preview, and that the answer to it may take. */
const PREVIEW_WAIT_SECONDS = 280;
const PREVIEW_TIMEOUT_MS = (PREVIEW_WAIT_SECONDS + 10) * 1000;

/** The kinds of runs, as paths have them. */
export type Plural = 'backups' | 'restores';

/** Backups and restores. */
export class RunsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async create<Resource extends RunResource>(plural: Plural, body: unknown): Promise<Resource> {
    return this.#transport.send('POST', `/${plural}`, { body });
  }

  /** What a backup would hold; nothing is made. */
  async preview(body: unknown): Promise<BackupPreview> {
    return this.#preview('/backups', body);
  }

  /** What a restore would do; nothing is done. */
  async plan(body: unknown): Promise<RestorePreview> {
    return this.#preview('/restores', body);
  }

  async get<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#transport.send('GET', pathOf(plural, name), {});
  }

  /** All runs that a query selects, page by page. */
  async list<Resource extends RunResource>(
    plural: Plural,
    query: Query = {},
  ): Promise<ResourceList<Resource>> {
    return this.#transport.pages(`/${plural}`, query);
  }

  /** The log of a run, as lines of JSON; an error of the stream means that it is not whole. */
  logs(
    plural: Plural,
    name: string,
    { query, signal }: { readonly query: Query; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    return this.#transport.stream(`${pathOf(plural, name)}/logs`, query, signal);
  }

  async cancel<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#transport.send('POST', `${pathOf(plural, name)}:cancel`, {});
  }

  async delete<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#transport.send('DELETE', pathOf(plural, name), {});
  }

  /** Holds, releases or extends a backup. */
  async backupVerb(
    name: string,
    verb: 'hold' | 'release' | 'extend',
    body: object,
  ): Promise<BackupResource> {
    return this.#transport.send('POST', `${pathOf('backups', name)}:${verb}`, { body });
  }

  #preview<Answer>(path: string, body: unknown): Promise<Answer> {
    const signal = AbortSignal.timeout(PREVIEW_TIMEOUT_MS);
    const query = { dryRun: 'All' };
    const options = { body, query, signal, waitSeconds: PREVIEW_WAIT_SECONDS };
    return this.#transport.send('POST', path, options);
  }
}
