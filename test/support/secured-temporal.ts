import { readFile, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';

import { Connection } from '@temporalio/client';

import { type ClientCertificate, makeCertificate, makeClientCertificate } from './certificate.ts';
import { type PodRelay, podHost, startPodRelay } from './pod-relay.ts';

/**
 * What stands in front of a Temporal server, whose development server knows no TLS: it takes connections of clients alone
 * that show a certificate of the authority, and passes on what they say.
 */
export class SecuredTemporal {
  /** Of the authority. */
  readonly caFile: string;
  readonly client: ClientCertificate;
  readonly #relay: PodRelay;

  private constructor(caFile: string, client: ClientCertificate, relay: PodRelay) {
    this.caFile = caFile;
    this.client = client;
    this.#relay = relay;
  }

  static async start(temporalAddress: string): Promise<SecuredTemporal> {
    const [host = '', port] = temporalAddress.split(':');
    const name = isIP(podHost()) === 0 ? 'DNS' : 'IP';
    const server = await makeCertificate([`${name}:${podHost()}`]);
    const { caFile, key, cert } = server;
    const client = await makeClientCertificate(server);
    const relay = await startPodRelay(
      { host, port: Number(port) },
      {
        ...{ key, cert, ca: await readFile(caFile), requestCert: true, rejectUnauthorized: true },
        // Without it, clients of gRPC go away.
        ALPNProtocols: ['h2'],
      },
    );
    return new SecuredTemporal(caFile, client, relay);
  }

  /** Host and port that pods connect to. */
  get address(): string {
    return this.#relay.address;
  }

  /** Addresses of those that were let in. */
  get clients(): string[] {
    return [...this.#relay.clients];
  }

  /** A client of Temporal that trusts the authority, and shows its own certificate or none. */
  async connect(shown: 'certificate' | 'nothing'): Promise<Connection> {
    const serverRootCACertificate = await readFile(this.caFile);
    const { certFile, keyFile } = this.client;
    const clientCertPair = { crt: await readFile(certFile), key: await readFile(keyFile) };
    const tls = { serverRootCACertificate, ...(shown === 'certificate' ? { clientCertPair } : {}) };
    return Connection.connect({ address: this.address, tls });
  }

  async stop(): Promise<void> {
    this.#relay.stop();
    await rm(dirname(this.caFile), { recursive: true });
  }
}
