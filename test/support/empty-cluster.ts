import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';
import { takeTurn } from './turn.ts';

const SCRIPT = fileURLToPath(new URL('../testbed/empty-cluster.sh', import.meta.url));
/** A machine can have one cluster with a node; a test has its own for some minutes. */
const TURN = {
  what: 'a cluster with a node',
  path: join(tmpdir(), 'holdfast-cluster-with-node'),
  waitSeconds: 600,
};
/** Of a test that starts a cluster with a node: the wait for the turn, and the time of every other end-to-end test. */
export const WITH_NODE = { timeout: TURN.waitSeconds * 1000 + 300_000 };
const run = promisify(execFile);

/** What a second cluster has besides etcd and an API server of the test bed's build. */
export interface EmptyClusterOptions {
  /** A controller manager: namespaces go when they are deleted, and service accounts come. */
  readonly hasControllers?: boolean;
  /** An audit log of all that is written, for `writesIn` of audit-log.ts. */
  readonly hasAuditLog?: boolean;
  /** A node on which pods run, with a scheduler and volumes; who comes second waits. It has controllers as well. */
  readonly hasNode?: boolean;
  /** Another minor version, like `1.37`, that `make test-skew` built. */
  readonly kubernetes?: string;
}

/** The node of a second cluster, where `enter` makes a command see what is mounted there. */
export interface ClusterNode {
  readonly name: string;
  readonly enter: readonly string[];
}

/**
 * A second cluster: etcd and an API server, and, unless asked for, no node and no controller: what is created in it
 * stays as it was created. It needs the binaries that the test bed built, and starts within some seconds.
 */
export class EmptyCluster {
  readonly kubeconfig: string;
  /** Path of the audit log; a file is there only if the cluster was started with one. */
  readonly auditLog: string;
  readonly #folder: string;
  #endTurn: (() => void) | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = join(folder, 'kubeconfig');
    this.auditLog = join(folder, 'audit.log');
  }

  /** Starts one; where that fails, which is no test's subject, it says so and tries once more. */
  static async start(options: EmptyClusterOptions = {}): Promise<EmptyCluster> {
    try {
      return await EmptyCluster.#start(options);
    } catch (error) {
      console.warn(`A second cluster did not start, and is started again: ${String(error)}`);
      return EmptyCluster.#start(options);
    }
  }

  static async #start(options: EmptyClusterOptions): Promise<EmptyCluster> {
    const cluster = new EmptyCluster(await mkdtemp(join(tmpdir(), 'holdfast-cluster-')));
    const ports = async (count: number): Promise<string[]> =>
      (await Promise.all(Array.from({ length: count }, () => freePort()))).map(String);
    const { hasNode = false, hasControllers = hasNode } = options;
    try {
      cluster.#endTurn = hasNode ? await takeTurn(TURN) : undefined;
      await run(SCRIPT, [
        ...['up', cluster.#folder, ...(await ports(3))],
        ...(hasControllers ? ['--controllers', ...(await ports(1))] : []),
        ...(hasNode ? ['--node', ...(await ports(4))] : []),
        ...(options.hasAuditLog === true ? ['--audit'] : []),
        ...(options.kubernetes === undefined ? [] : ['--kubernetes', options.kubernetes]),
      ]);
      return cluster;
    } catch (error) {
      // Why it did not start tells more than why something of it stays.
      await cluster.stop().catch((end: unknown) => {
        console.warn(String(end));
      });
      throw error;
    }
  }

  async node(): Promise<ClusterNode> {
    const [keeper = ''] = (await readFile(join(this.#folder, 'pids', 'keeper-c'), 'utf8')).split(
      ' ',
    );
    return { name: 'node-c', enter: ['nsenter', '--target', keeper, '--mount', '--'] };
  }

  /** Gives its node an image that `holdfastImage` has named. */
  async load(image: string): Promise<void> {
    await run(SCRIPT, ['load', this.#folder, image]);
  }

  /** Ends it, and removes all that it had. */
  async stop(): Promise<void> {
    try {
      await run(SCRIPT, ['down', this.#folder]);
      await rm(this.#folder, { recursive: true });
    } finally {
      this.#endTurn?.();
    }
  }
}
