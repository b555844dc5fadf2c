import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { Failure } from '../../domain/failure.ts';
import { noAnswer, type RefusedAnswer } from './errors.ts';
import { openStream, type StreamAnswer } from './stream.ts';

/** Connections that one process opens to one API server. */
const CONNECTIONS_MAX = 64;
/** How long an answer may take to begin, and to go on between two of its parts. */
const ANSWER_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5000;
/** How long credentials are used before they are taken from the configuration again. */
const CREDENTIALS_AGE_MAX_MS = 60_000;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly accept?: string;
  readonly body?: string;
  /** JSON if left out. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** An answer with a larger body is given up, and told as `TOO_LARGE_STATUS`; without it a body may have any size. */
  readonly bodyBytesMax?: number;
  /** Verb and thing, for the message of a failure. */
  readonly action: string;
  readonly subject: string;
}

/** What a stream is opened with. */
export type StreamRequest = Pick<ApiRequest, 'path' | 'action' | 'subject'> & {
  readonly signal: AbortSignal;
};

export type ApiAnswer =
  { readonly ok: true; readonly text: string } | ({ readonly ok: false } & RefusedAnswer);

/** Status that stands for an answer whose body was larger than the request allows. */
export const TOO_LARGE_STATUS = 413;

/**
 * Plain HTTP to one API server with the credentials of a kubeconfig. The generated client's models cost more
 * than twice the time of a raw page, so only its configuration is used.
 */
export class Transport {
  readonly #config: KubeConfig;
  readonly #origin: string;
  readonly #basePath: string;
  #dispatcher: Dispatcher | undefined;
  #headers: Record<string, string> = {};
  #credentialsAt = 0;

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) {
      throw new Failure('invalid-request', 'the kubeconfig has no current cluster; set a context');
    }
    const server = new URL(cluster.server);
    this.#config = config;
    this.#origin = server.origin;
    this.#basePath = server.pathname.replace(/\/$/, '');
  }

  /** Sends a request and reads the whole answer. Throws `cluster-unreachable` when there is none. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    try {
      const dispatcher = await this.#connection();
      const answer = await dispatcher.request({
        origin: this.#origin,
        path: `${this.#basePath}${request.path}`,
        method: request.method,
        headers: { ...this.#headers, ...contentHeaders(request) },
        body: request.body ?? null,
        signal: request.signal ?? null,
      });
      const text = await bodyText(answer.body, request.bodyBytesMax);
      if (text === undefined) {
        return { ok: false, status: TOO_LARGE_STATUS, retryAfter: undefined, body: '' };
      }
      if (answer.statusCode < 300) {
        return { ok: true, text };
      }
      const retryAfter = answer.headers['retry-after'];
      return {
        ok: false,
        status: answer.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        body: text,
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw error instanceof Failure ? error : noAnswer(error, request.action, request.subject);
    }
  }

  /** Opens a websocket, as `openStream` does. Throws `cluster-unreachable` when there is no answer. */
  async openStream(
    request: StreamRequest,
    protocol: string,
    onMessage: (data: Buffer) => void,
  ): Promise<StreamAnswer> {
    const { path, action, subject, signal } = request;
    try {
      const dispatcher = await this.#connection();
      const url = `${this.#origin}${this.#basePath}${path}`.replace(/^http/, 'ws');
      const target = { url, protocol, headers: this.#headers, dispatcher, signal };
      return await openStream(target, onMessage);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Failure ? error : noAnswer(error, action, subject);
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  /** The connections; built anew when the configuration's credentials have changed with time. */
  async #connection(): Promise<Dispatcher> {
    const isFresh = Date.now() - this.#credentialsAt < CREDENTIALS_AGE_MAX_MS;
    if (this.#dispatcher !== undefined && isFresh) {
      return this.#dispatcher;
    }
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    this.#headers = authorization(options);
    this.#credentialsAt = Date.now();
    this.#dispatcher ??= buildDispatcher(this.#config, options);
    return this.#dispatcher;
  }
}

function contentHeaders({
  accept = 'application/json',
  body,
  contentType = 'application/json',
}: ApiRequest): Record<string, string> {
  return { accept, ...(body === undefined ? {} : { 'content-type': contentType }) };
}

/** The whole body; undefined, and the connection given up, when it is larger than allowed. */
async function bodyText(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number | undefined,
): Promise<string | undefined> {
  if (bytesMax === undefined) {
    return body.text();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Without an encoding set, a body gives buffers.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function authorization(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const given = options.headers;
  if (given !== undefined && !Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) {
      if (typeof value === 'string') {
        headers[name.toLowerCase()] = value;
      }
    }
  }
  return headers;
}

function buildDispatcher(config: KubeConfig, options: RequestOptions): Dispatcher {
  const tls = Object.fromEntries(
    Object.entries({
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized,
    }).filter(([, value]) => value !== undefined),
  );
  const limits = {
    connections: CONNECTIONS_MAX,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  };
  const proxyUrl = config.getCurrentCluster()?.proxyUrl;
  return proxyUrl === undefined
    ? new Agent({ ...limits, connect: { ...tls, timeout: CONNECT_TIMEOUT_MS } })
    : new ProxyAgent({ ...limits, uri: proxyUrl, requestTls: tls });
}
