import type { IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';

import { type Dispatcher, type ErrorEvent, type MessageEvent, ping, WebSocket } from 'undici';

import type { RefusedAnswer } from './errors.ts';

/** How often the other side is asked whether it is still there; it has as long to answer. */
const PING_EVERY_MS = 15_000;
/** What is kept of the body of an answer that opens no stream. */
const REFUSAL_BYTES_MAX = 64 * 1024;

/** What a stream is opened to, and over which connections. */
export interface StreamTarget {
  readonly url: string;
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly pingEveryMs?: number;
}

/** A websocket that is open. */
interface ApiStream {
  /** Settles when the connection is over, whoever ended it; never rejects. */
  readonly closed: Promise<void>;
  /** Ends the connection at once. */
  end(): void;
}

export type StreamAnswer =
  { readonly ok: true; readonly stream: ApiStream } | ({ readonly ok: false } & RefusedAnswer);

/**
 * Opens a websocket, whose messages go to a function from the first one on. A server that refuses to open it answers as
 * it does to any request; where there is no answer the error of the connection is thrown. A connection on which nothing
 * comes any more, not even what answers a ping, is ended.
 */
export async function openStream(
  target: StreamTarget,
  onMessage: (data: Buffer) => void,
): Promise<StreamAnswer> {
  const { url, protocol, headers, dispatcher, signal, pingEveryMs = PING_EVERY_MS } = target;
  const handshake = new Handshake();
  const socket = new WebSocket(url, {
    protocols: [protocol],
    headers: { ...headers },
    dispatcher: dispatcher.compose((dispatch) => handshake.around(dispatch)),
  });
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    onMessage(Buffer.from(data as ArrayBuffer));
  };
  const closed = new Promise<void>((resolve) => {
    socket.onclose = () => {
      resolve();
    };
  });
  const end = (): void => {
    socket.close();
    handshake.connection?.destroy();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    await opened(socket);
  } catch (error) {
    if (handshake.refused !== undefined) {
      return { ok: false, ...handshake.refused };
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
  const pings = keepAlive(socket, handshake.connection, pingEveryMs);
  void closed.then(() => {
    clearInterval(pings);
  });
  return { ok: true, stream: { closed, end } };
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onopen = () => {
      resolve();
    };
    socket.onerror = ({ error }: ErrorEvent) => {
      reject(error instanceof Error ? error : new Error('the connection failed'));
    };
  });
}

function keepAlive(
  socket: WebSocket,
  connection: Socket | undefined,
  everyMs: number,
): NodeJS.Timeout {
  let heard = -1;
  return setInterval(() => {
    if (connection?.bytesRead === heard) {
      connection.destroy();
      return;
    }
    heard = connection?.bytesRead ?? 0;
    ping(socket);
  }, everyMs).unref();
}

/** What a websocket does not tell of its beginning: its connection, and the answer that was no upgrade. */
class Handshake {
  connection: Socket | undefined;
  refused: RefusedAnswer | undefined;

  around(dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] {
    return (options, handler) => dispatch(options, this.#watch(handler));
  }

  #watch(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
    let status: { readonly status: number; readonly headers: IncomingHttpHeaders };
    let body = Buffer.alloc(0);
    return {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (controller, code, ...[headers, socket]) => {
        this.connection = socket instanceof Socket ? socket : undefined;
        handler.onRequestUpgrade?.(controller, code, headers, socket);
      },
      onResponseStart: (_, code, headers) => {
        status = { status: code, headers };
      },
      onResponseData: (_, chunk) => {
        body = Buffer.concat([body, chunk]).subarray(0, REFUSAL_BYTES_MAX);
      },
      onResponseEnd: (controller) => {
        const retryAfter = status.headers['retry-after'];
        this.refused = { status: status.status, retryAfter, body: body.toString() };
        handler.onResponseError?.(controller, new Error('the server opens no stream'));
      },
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    };
  }
}
