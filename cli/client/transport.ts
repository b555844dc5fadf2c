import { API_BASE, type Problem } from '../../domain/api-resource.ts';
import { type Connection, ConnectionError } from '../connection/contract.ts';
import { ProblemError, UnreachableError } from './errors.ts';

/** Longest that one answer may take. */
const ANSWER_TIMEOUT_MS = 45_000;
/** Longer than the operations of a check may take together, one after the other, or all records of a large location. */
const CHECK_TIMEOUT_MS = 300_000;
/** Statuses of HTTP that a proxy answers to whom it does not know. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403]);
/** The most items that the API puts into one page. */
const PAGE_SIZE = 500;

/** The parameters of a request. */
export type Query = Readonly<Record<string, string>>;

/** What a request says beside its method and path. */
export interface RequestOptions {
  readonly body?: unknown;
  readonly query?: Query;
  /** Ends the request; a limit of time when left out. */
  readonly signal?: AbortSignal;
  /** How long the API is to wait with its answer. */
  readonly waitSeconds?: number;
}

interface ItemList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly unknown[];
}

/** The API that is asked. */
export interface ApiAddress {
  /** What it is called in messages. */
  readonly name: string;
  readonly connect: () => Promise<Connection>;
}

/** Requests to the API of one server, for one location. They throw `ProblemError` and `UnreachableError`. */
export class Transport {
  readonly #server: string;
  readonly #connect: () => Promise<Connection>;
  readonly #location: string | undefined;
  #connection: Promise<Connection> | undefined;

  constructor({ name, connect }: ApiAddress, location: string | undefined) {
    this.#server = name;
    this.#connect = connect;
    this.#location = location;
  }

  /** The JSON that is answered; the API answers with the type of the route. */
  async send<Answer>(method: string, path: string, options: RequestOptions): Promise<Answer> {
    return parsed(await this.text(method, path, options), this.#server) as Answer;
  }

  /** The text that is answered, as it was sent. */
  async text(method: string, path: string, options: RequestOptions): Promise<string> {
    return this.#textOf(await this.#request(method, path, options));
  }

  /** All pages of a list, up to a number of items; the list says whether there are more. */
  async pages<List extends ItemList>(
    path: string,
    query: Query,
    countMax = Number.POSITIVE_INFINITY,
  ): Promise<List> {
    const items: unknown[] = [];
    let page: List;
    let token: string | undefined;
    do {
      const limit = String(Math.min(PAGE_SIZE, countMax - items.length));
      page = await this.send('GET', path, {
        query: { ...query, limit, ...(token === undefined ? {} : { continue: token }) },
      });
      items.push(...page.items);
      token = page.metadata.continue;
    } while (token !== undefined && items.length < countMax);
    return { ...page, items };
  }

  /** The bytes that are answered; an error of the stream means that they are not all. */
  async *stream(path: string, query: Query, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { body } = await this.#request('GET', path, { query, signal });
    try {
      yield* body ?? [];
    } catch (error) {
      throw signal.aborted ? error : new UnreachableError(this.#server, error);
    }
  }

  /** The answer to a request, its body not read yet. */
  async #request(method: string, path: string, options: RequestOptions): Promise<Response> {
    const { body, query, signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS) } = options;
    this.#connection ??= this.#connect();
    const connection = await this.#connection;
    const url = new URL(`${connection.url}${API_BASE}${path}`);
    const location = this.#location === undefined ? {} : { location: this.#location };
    url.search = new URLSearchParams({ ...location, ...query }).toString();
    let response: Response;
    try {
      response = await connection.fetch(url.href, {
        method,
        headers: { ...connection.headers, ...headersOf(method, options) },
        body: body === undefined ? null : JSON.stringify(body),
        signal,
      });
    } catch (error) {
      // Another pod of the API may be there by now.
      this.#connection = undefined;
      await connection.close();
      throw new UnreachableError(this.#server, error);
    }
    if (!response.ok) {
      throw new ProblemError(await this.#problemOf(response));
    }
    return response;
  }

  /** What is not the answer of the route is a problem, unless something between here and the API refuses. */
  async #problemOf(response: Response): Promise<Problem> {
    const text = await this.#textOf(response);
    const { status } = response;
    if (REFUSALS.has(status) && !/json/.test(response.headers.get('content-type') ?? '')) {
      throw new ConnectionError(
        `what stands before the API at ${this.#server} refuses the request with ${String(status)}`,
        { status },
      );
    }
    return parsed(text, this.#server) as Problem;
  }

  async #textOf(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw new UnreachableError(this.#server, error);
    }
  }
}

/** Ends what takes as long as a check of a location. */
export function checkSignal(): AbortSignal {
  return AbortSignal.timeout(CHECK_TIMEOUT_MS);
}

/** The parameter that names a cluster, the default one when left out. */
export function clusterQuery(cluster: string | undefined): Pick<RequestOptions, 'query'> {
  return cluster === undefined ? {} : { query: { cluster } };
}

/** A path of the API, with a name at its end. */
export function pathOf(plural: string, name: string): string {
  return `/${plural}/${encodeURIComponent(name)}`;
}

function headersOf(method: string, { body, waitSeconds }: RequestOptions): Record<string, string> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return {
    ...(body === undefined ? {} : { 'content-type': type }),
    ...(waitSeconds === undefined ? {} : { prefer: `wait=${String(waitSeconds)}` }),
  };
}

function parsed(text: string, server: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreachableError(server, error);
  }
}
