import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer that is given in place of the server's; `body` is what S3 says in XML. */
export interface CannedAnswer {
  readonly status: number;
  readonly body: string;
}

export interface FrontOptions {
  /** Serves TLS with these, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** What the front answers by itself; undefined passes the request on. */
  readonly answer?: (
    seen: SeenRequest,
  ) => CannedAnswer | undefined | Promise<CannedAnswer | undefined>;
}

export interface S3Front {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  readonly stop: () => void;
}

/** Stands in front of an S3 server: records what comes, passes it on, or answers in its place. */
export async function startS3Front(target: string, options: FrontOptions = {}): Promise<S3Front> {
  const { hostname, port } = new URL(target);
  const seen: SeenRequest[] = [];
  const server = serverOf(options);
  server.on('request', (incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming;
    const one = { method, path, headers };
    seen.push(one);
    void (async () => {
      const canned = await options.answer?.(one);
      if (canned !== undefined) {
        incoming.resume();
        outgoing.writeHead(canned.status, { 'content-type': 'application/xml' });
        outgoing.end(canned.body);
        return;
      }
      // The header `host` stays as it came: the request is signed with it.
      const forward = request({ host: hostname, port, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forward.once('error', () => outgoing.destroy());
      incoming.pipe(forward);
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    // A server that listens on a port has an address with one.
    port: (server.address() as AddressInfo).port,
    seen,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function serverOf({ tls }: FrontOptions): Server {
  return tls === undefined ? createServer() : createTlsServer(tls);
}
