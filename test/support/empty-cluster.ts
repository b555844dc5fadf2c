import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './installation.ts';

const SCRIPT = fileURLToPath(new URL('../testbed/empty-cluster.sh', import.meta.url));
const run = promisify(execFile);

/**
 * A second cluster: etcd and an API server, with no node and no controller. What is created in it stays as it was
 * created. It needs the binaries that the test bed built, and starts within some seconds.
 */
export class EmptyCluster {
  readonly kubeconfig: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  static async start(): Promise<EmptyCluster> {
    const cluster = new EmptyCluster(await mkdtemp(join(tmpdir(), 'holdfast-cluster-')));
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    try {
      await run(SCRIPT, ['up', cluster.#folder, ...ports.map(String)]);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await run(SCRIPT, ['down', this.#folder]);
    await rm(this.#folder, { recursive: true });
  }
}
