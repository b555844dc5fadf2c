import { lookup } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import { Failure } from '../../domain/failure.ts';
import type { AddressGuard } from './address-guard.ts';

/** Longest that a receiver may take to answer. */
const ANSWER_TIMEOUT_MS = 10_000;
/** What is read of an answer before the connection is closed; nothing of it is kept. */
const ANSWER_BYTES_MAX = 64 * 1024;
const REFUSED_CODE = 'ADDRESS_REFUSED';

/** One request to a receiver. */
export interface EventPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly caCert?: string | undefined;
  readonly signal: AbortSignal;
  readonly guard: AddressGuard;
}

/** How a receiver has answered. */
export interface EventAnswer {
  readonly status: number;
  /** How long it asks to be left alone. */
  readonly retryAfterMs?: number;
}

/**
 * Sends an event once. A redirect is an answer like another, and is not followed. The address is looked at when the
 * connection is made, so that no name of DNS leads elsewhere. Throws `notification-failed` without an answer, and the
 * reason of the signal when that is aborted. No message tells path, headers or body.
 */
export async function postEvent(post: EventPost): Promise<EventAnswer> {
  const url = new URL(post.url);
  requireAllowed(url, post.guard);
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    return await exchange(url, post, AbortSignal.any([post.signal, timeout]));
  } catch (error) {
    post.signal.throwIfAborted();
    const code = timeout.aborted
      ? `no answer within ${String(ANSWER_TIMEOUT_MS / 1000)} s`
      : codeOf(error);
    throw code === REFUSED_CODE
      ? refused(url)
      : new Failure('notification-failed', `${url.host} does not answer (${code})`, {
          cause: error,
        });
  }
}

function exchange(url: URL, post: EventPost, signal: AbortSignal): Promise<EventAnswer> {
  const { headers, body, caCert, guard } = post;
  const options: RequestOptions & { ca?: string } = {
    ...{ method: 'POST', signal, lookup: guardedLookup(guard), agent: false },
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    ...(caCert === undefined ? {} : { ca: caCert }),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, options, (response) => {
      const answer = answerOf(response);
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) {
          response.destroy();
        }
      });
      // The status is the answer, whatever becomes of the rest.
      response.once('error', () => undefined);
      response.once('close', () => {
        resolve(answer);
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): EventAnswer {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return {
    status: statusCode,
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  };
}

/** A connection to an address that is written out asks no DNS. */
function requireAllowed(url: URL, guard: AddressGuard): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !guard.isAllowed(host)) {
    throw refused(url);
  }
}

/** The addresses of a name that are allowed; an error where none is. */
function guardedLookup(guard: AddressGuard): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => guard.isAllowed(address));
      const [first] = allowed;
      if (first === undefined) {
        callback(Object.assign(new Error('refused'), { code: REFUSED_CODE }), '', 0);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function refused({ hostname }: URL): Failure {
  const text = `${hostname} has an address to which no event is sent; choose another, or allow its network (HOLDFAST_NOTIFICATION_NETWORKS of the worker)`;
  return new Failure('notification-failed', text);
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'connection failed';
}
