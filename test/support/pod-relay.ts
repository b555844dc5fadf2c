import { connect, createServer } from 'node:net';

import type { StorageLocation } from '../../domain/storage-location.ts';
import { locationFields } from './location-fields.ts';

/** Passes connections of pods on to a server of this machine. */
interface PodRelay {
  /** Host and port that pods connect to. */
  readonly address: string;
  stop(): void;
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

/**
 * Listens where pods reach this machine, which is where the test bed has its own relay to Temporal, and passes each
 * connection on to a server that listens to the loopback address. While that is away, connections are closed.
 */
async function startPodRelay(target: { host: string; port: number }): Promise<PodRelay> {
  const [host = ''] = (process.env['HOLDFAST_POD_TEMPORAL_ADDRESS'] ?? '').split(':');
  if (host === '') {
    throw new Error('HOLDFAST_POD_TEMPORAL_ADDRESS is not set; run: eval "$(make -s testbed-env)"');
  }
  const server = createServer((fromPod) => {
    const toServer = connect(target);
    fromPod.pipe(toServer).pipe(fromPod);
    fromPod.once('error', () => toServer.destroy());
    toServer.once('error', () => fromPod.destroy());
    fromPod.once('close', () => toServer.destroy());
    toServer.once('close', () => fromPod.destroy());
    open.add(fromPod);
    fromPod.once('close', () => open.delete(fromPod));
  });
  const open = new Set<{ destroy(): unknown }>();
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
    stop: () => {
      server.close();
      open.forEach((socket) => socket.destroy());
    },
  };
}
