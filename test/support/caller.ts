import type { Answer } from './installation.ts';

/** Somebody who calls an API with a token, or without one. */
export class Caller {
  readonly #apiUrl: string;
  readonly #token: string | undefined;

  constructor(apiUrl: string, token: string | undefined) {
    this.#apiUrl = apiUrl;
    this.#token = token;
  }

  /** The answer; one that is no JSON as its text. */
  async request<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    const response = await fetch(`${this.#apiUrl}${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        ...(body === undefined ? {} : { 'content-type': typeOf(method) }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        prefer: 'wait=30',
      },
    });
    const text = await response.text();
    // Lines of JSON are no JSON.
    const isJson = /\bjson/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      // Each test names the type that it expects and looks at what came.
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  }
}

/** What a body of a request is sent as. */
function typeOf(method: string): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
}
