import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request as it came, whole. */
export interface ReceivedEvent {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver answers to a request. `never` leaves it without an answer. */
export type ReceiverAnswer =
  { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'never';

interface ReceiverOptions {
  readonly answer?: (event: ReceivedEvent, index: number) => ReceiverAnswer;
  /** Serves TLS with these, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Any free one when left out. */
  readonly port?: number;
}

/** A receiver of events on this machine. */
export class EventReceiver {
  readonly events: ReceivedEvent[] = [];
  readonly #server: Server;

  private constructor(server: Server, answer: NonNullable<ReceiverOptions['answer']>) {
    this.#server = server;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        const event = { path, headers, body: Buffer.concat(chunks).toString() };
        const what = answer(event, this.events.push(event) - 1);
        if (what !== 'never') {
          response.writeHead(what.status, what.headers).end();
        }
      });
    });
  }

  /** Takes everything unless it is told how to answer. */
  static async start({
    answer = () => ({ status: 204 }),
    tls,
    port = 0,
  }: ReceiverOptions = {}): Promise<EventReceiver> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const receiver = new EventReceiver(server, answer);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    // A server that listens on a port has an address with one.
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}/events`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
