import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

import type { StorageLocation } from '../../domain/storage-location.ts';
import { locationFields } from './location-fields.ts';

/** Passes connections of pods on to a server of this machine. */
export interface PodRelay {
  /** Host and port that pods connect to. */
  readonly address: string;
  /** Addresses of those whose connections were passed on. */
  readonly clients: ReadonlySet<string>;
  stop(): void;
}

interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = /^(127\.|localhost$)/;

/** How pods reach servers of this machine, until it is stopped. */
export class PodRelays {
  readonly #relays: PodRelay[] = [];

  /** The address itself where pods reach it, else that of a relay. */
  async addressOf(address: string): Promise<string> {
    const [host = '', port] = address.split(':');
    if (!LOOPBACK.test(host)) {
      return address;
    }
    const relay = await startPodRelay({ host, port: Number(port) });
    this.#relays.push(relay);
    return relay.address;
  }

  /** A location in a bucket with the fields that it has, and the endpoint that pods reach. */
  async locationOf(location: StorageLocation): Promise<object> {
    if (location.provider !== 's3') {
      throw new Error('pods cannot reach a folder of this machine');
    }
    const fields = locationFields(location);
    if (location.endpoint === undefined) {
      return fields;
    }
    const url = new URL(location.endpoint);
    url.host = await this.addressOf(url.host);
    return { ...fields, endpoint: url.origin };
  }

  stop(): void {
    for (const relay of this.#relays.splice(0)) {
      relay.stop();
    }
  }
}

/** The address of this machine that pods reach: there the test bed has its own relay to Temporal. */
export function podHost(): string {
  const [host = ''] = (process.env['HOLDFAST_POD_TEMPORAL_ADDRESS'] ?? '').split(':');
  if (host === '') {
    throw new Error('HOLDFAST_POD_TEMPORAL_ADDRESS is not set; run: eval "$(make -s testbed-env)"');
  }
  return host;
}

/**
 * Listens where pods reach this machine, and passes each connection on to a server that listens to the loopback address.
 * While that is away, connections are closed. With `tls`, only what a client has said in TLS is passed on.
 */
export async function startPodRelay(target: RelayTarget, tls?: TlsOptions): Promise<PodRelay> {
  const host = podHost();
  const clients = new Set<string>();
  const open = new Set<Socket>();
  const passOn = (fromPod: Socket): void => {
    clients.add(fromPod.remoteAddress ?? '');
    const toServer = connect(target);
    fromPod.pipe(toServer).pipe(fromPod);
    fromPod.once('error', () => toServer.destroy());
    toServer.once('error', () => fromPod.destroy());
    fromPod.once('close', () => toServer.destroy());
    toServer.once('close', () => fromPod.destroy());
  };
  const server = tls === undefined ? createServer(passOn) : createTlsServer(tls, passOn);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) {
    throw new Error('the relay has no port');
  }
  return {
    address: `${host}:${String(bound.port)}`,
    clients,
    stop: () => {
      server.close();
      open.forEach((socket) => socket.destroy());
    },
  };
}
