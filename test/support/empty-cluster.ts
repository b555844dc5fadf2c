import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';

const SCRIPT = fileURLToPath(new URL('../testbed/empty-cluster.sh', import.meta.url));
/** Whoever has locked it has the one cluster with a node that a machine can have. */
const TURN = join(tmpdir(), 'holdfast-cluster-with-node');
const TURN_WAIT_S = 280;
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

  static async start(options: EmptyClusterOptions = {}): Promise<EmptyCluster> {
    const cluster = new EmptyCluster(await mkdtemp(join(tmpdir(), 'holdfast-cluster-')));
    const ports = async (count: number): Promise<string[]> =>
      (await Promise.all(Array.from({ length: count }, () => freePort()))).map(String);
    const { hasNode = false, hasControllers = hasNode } = options;
    try {
      cluster.#endTurn = hasNode ? await takeTurn() : undefined;
      await run(SCRIPT, [
        ...['up', cluster.#folder, ...(await ports(3))],
        ...(hasControllers ? ['--controllers', ...(await ports(1))] : []),
        ...(hasNode ? ['--node', ...(await ports(4))] : []),
        ...(options.hasAuditLog === true ? ['--audit'] : []),
        ...(options.kubernetes === undefined ? [] : ['--kubernetes', options.kubernetes]),
      ]);
      return cluster;
    } catch (error) {
      await cluster.stop();
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
    await run(SCRIPT, ['down', this.#folder]);
    await rm(this.#folder, { recursive: true });
    this.#endTurn?.();
  }
}

/** Waits until no other test has a cluster with a node; gives what lets the next one. It goes with this process, too. */
async function takeTurn(): Promise<() => void> {
  const wait = ['--timeout', String(TURN_WAIT_S), TURN];
  const holder = spawn('flock', [...wait, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => {
      resolve();
    });
    holder.once('error', reject);
    holder.once('exit', () => {
      reject(new Error(`another cluster with a node has been there for ${String(TURN_WAIT_S)} s`));
    });
  });
  return () => {
    holder.stdin.end();
  };
}
