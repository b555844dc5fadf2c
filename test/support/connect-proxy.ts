import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy that carries connections for one user, and notes where to. */
export interface ConnectProxy {
  /** With the user and the password. */
  readonly url: string;
  readonly targets: ReadonlySet<string>;
  readonly stop: () => void;
}

const USER = 'me:pass word';

/** Starts one; it carries plain requests too, as programs of Go send them. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const targets = new Set<string>();
  const wanted = `Basic ${Buffer.from(USER).toString('base64')}`;
  const isKnown = ({ headers }: IncomingMessage): boolean =>
    headers['proxy-authorization'] === wanted;
  const sockets = new Set<Duplex>();
  const server = createServer((incoming, outgoing) => {
    if (!isKnown(incoming)) {
      outgoing.writeHead(407).end();
      return;
    }
    const url = new URL(incoming.url ?? '');
    targets.add(url.host);
    const { method, headers } = incoming;
    const forward = request(url, { method: method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forward.once('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex) => {
    sockets.add(client);
    if (!isKnown(incoming)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const target = incoming.url ?? '';
    targets.add(target);
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(Number(port || '80'), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.once('error', () => client.destroy());
    client.once('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://me:pass%20word@127.0.0.1:${String(port)}`,
    targets,
    stop: () => {
      sockets.forEach((socket) => socket.destroy());
      server.closeAllConnections();
      server.close();
    },
  };
}
