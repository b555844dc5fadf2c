import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kubectl } from './kubectl.ts';

/** Stands between a process and the test bed's API server, and takes the connection away on demand. */
export class ApiRelay {
  readonly #server: Server;
  readonly #folder: string;
  readonly #open = new Set<Socket>();
  #isAway = false;

  private constructor(folder: string, target: URL) {
    this.#folder = folder;
    this.#server = createServer((client) => {
      if (this.#isAway) {
        client.destroy();
        return;
      }
      const server = connect(Number(target.port), target.hostname);
      client.pipe(server).pipe(client);
      this.#bind(client, server);
      this.#bind(server, client);
    });
  }

  static async start(): Promise<ApiRelay> {
    const view = await kubectl('config', 'view', '--raw', '--minify', '--output', 'json');
    // kubectl wrote it, in the shape of client-go's Config.
    const config = JSON.parse(view) as { clusters: { cluster: { server: string } }[] };
    const url = new URL(config.clusters[0]?.cluster.server ?? '');
    const relay = new ApiRelay(await mkdtemp(join(tmpdir(), 'holdfast-relay-')), url);
    await new Promise<void>((resolve) => {
      relay.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = relay.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const clusters = config.clusters.map((entry) => ({
      ...entry,
      cluster: { ...entry.cluster, server: `https://127.0.0.1:${String(port)}` },
    }));
    await writeFile(relay.kubeconfig, JSON.stringify({ ...config, clusters }));
    return relay;
  }

  /** File of a kubeconfig whose API server is this relay. */
  get kubeconfig(): string {
    return join(this.#folder, 'config');
  }

  /** Breaks all connections off; new ones are taken. */
  cut(): void {
    this.#open.forEach((socket) => socket.destroy());
  }

  /** Breaks all connections off, and takes none until `comeBack`. */
  goAway(): void {
    this.#isAway = true;
    this.cut();
  }

  comeBack(): void {
    this.#isAway = false;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await rm(this.#folder, { recursive: true });
  }

  #bind(socket: Socket, other: Socket): void {
    this.#open.add(socket);
    socket.once('error', () => other.destroy());
    socket.once('close', () => {
      this.#open.delete(socket);
      other.destroy();
    });
  }
}
