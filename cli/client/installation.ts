import type { DiagnosisResource } from '../../domain/diagnosis/checks.ts';
import type { ServerStatus } from '../../domain/server-status.ts';
import { checkSignal, clusterQuery, type Query, type Transport } from './transport.ts';

/** How the installation is, and what is wrong with it. */
export class InstallationClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** How the parts of the installation are; a cluster beside those that Temporal tells of may be named. */
  async status(cluster?: string): Promise<ServerStatus> {
    return this.#transport.send('GET', '/status', clusterQuery(cluster));
  }

  /** What is wrong with what backups of a cluster need, the default one when left out. */
  async diagnose(cluster: string | undefined): Promise<DiagnosisResource> {
    const options = { ...clusterQuery(cluster), signal: checkSignal() };
    return this.#transport.send('POST', '/status:check', options);
  }

  /** A bundle for whoever helps. */
  debug(query: Query): AsyncGenerator<Uint8Array> {
    return this.#transport.stream('/debug', query, checkSignal());
  }
}
