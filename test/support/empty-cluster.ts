import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';

const SCRIPT = fileURLToPath(new URL('../testbed/empty-cluster.sh', import.meta.url));
const run = promisify(execFile);

/** What a second cluster has besides etcd and an API server of the test bed's build. */
export interface EmptyClusterOptions {
  /** A controller manager: namespaces go when they are deleted, and service accounts come. */
  readonly hasControllers?: boolean;
  /** An audit log of all that is written, for `writesIn` of audit-log.ts. */
  readonly hasAuditLog?: boolean;
  /** Another minor version, like `1.37`, that `make test-skew` built. */
  readonly kubernetes?: string;
}

/**
 * A second cluster: etcd and an API server, with no node and, unless asked for, no controller: what is created in it
 * stays as it was created. It needs the binaries that the test bed built, and starts within some seconds.
 */
export class EmptyCluster {
  readonly kubeconfig: string;
  /** Path of the audit log; a file is there only if the cluster was started with one. */
  readonly auditLog: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = join(folder, 'kubeconfig');
    this.auditLog = join(folder, 'audit.log');
  }

  static async start(options: EmptyClusterOptions = {}): Promise<EmptyCluster> {
    const cluster = new EmptyCluster(await mkdtemp(join(tmpdir(), 'holdfast-cluster-')));
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [controllersPort, ...others] = ports.map(String);
    try {
      await run(SCRIPT, [
        ...['up', cluster.#folder, ...others],
        ...(options.hasControllers === true ? ['--controllers', controllersPort ?? ''] : []),
        ...(options.hasAuditLog === true ? ['--audit'] : []),
        ...(options.kubernetes === undefined ? [] : ['--kubernetes', options.kubernetes]),
      ]);
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
