import {
  API_BASE,
  type BackupPreview,
  type Problem,
  type ResourceList,
  type RunResource,
} from '../domain/api-resource.ts';

export type Plural = 'backups' | 'restores';

/** A problem that the API answered. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** No answer of the API. */
export class UnreachableError extends Error {
  constructor(server: string, cause: unknown) {
    super(`the API at ${server} does not answer; start it, or name another with --server`, {
      cause,
    });
    this.name = 'UnreachableError';
  }
}

/** Longest that one answer may take. */
const ANSWER_TIMEOUT_MS = 45_000;

/** The API of one server, for one location. */
export class ApiClient {
  readonly #server: string;
  readonly #location: string | undefined;

  constructor(server: string, location: string | undefined) {
    this.#server = server.replace(/\/$/, '');
    this.#location = location;
  }

  async create<Resource extends RunResource>(plural: Plural, body: unknown): Promise<Resource> {
    return this.#send('POST', `/${plural}`, { body });
  }

  /** What a backup would hold; nothing is made. */
  async preview(body: unknown): Promise<BackupPreview> {
    return this.#send('POST', '/backups', { body, query: { dryRun: 'All' } });
  }

  async get<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('GET', `/${plural}/${encodeURIComponent(name)}`, {});
  }

  /** All runs, page by page. */
  async list<Resource extends RunResource>(plural: Plural): Promise<ResourceList<Resource>> {
    const items: Resource[] = [];
    let token: string | undefined;
    let page: ResourceList<Resource>;
    do {
      page = await this.#send('GET', `/${plural}`, {
        query: token === undefined ? {} : { continue: token },
      });
      items.push(...page.items);
      token = page.metadata.continue;
    } while (token !== undefined);
    return { ...page, items };
  }

  async cancel<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('POST', `/${plural}/${encodeURIComponent(name)}:cancel`, {});
  }

  async delete<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('DELETE', `/${plural}/${encodeURIComponent(name)}`, {});
  }

  async #send<Answer>(
    method: string,
    path: string,
    { body, query }: { body?: unknown; query?: Record<string, string> },
  ): Promise<Answer> {
    const url = new URL(`${this.#server}${API_BASE}${path}`);
    const location = this.#location === undefined ? {} : { location: this.#location };
    url.search = new URLSearchParams({ ...location, ...query }).toString();
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw new UnreachableError(this.#server, error);
    }
    // The API answers with the type of the route, or with a problem.
    const answer: unknown = parsed(text, this.#server);
    if (!response.ok) {
      throw new ProblemError(answer as Problem);
    }
    return answer as Answer;
  }
}

function parsed(text: string, server: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreachableError(server, error);
  }
}
