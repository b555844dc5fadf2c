import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Installation } from './installation.ts';

const WORKER = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));

/** A worker of an installation besides the installation's own. */
export interface ClusterWorker {
  /** Ends it as a crash does. */
  stop(): Promise<void>;
}

/** Starts a worker for the cluster of a kubeconfig, which requests then name `cluster`. */
export function startClusterWorker(
  installation: Installation,
  { cluster, kubeconfig }: { cluster: string; kubeconfig: string },
): Promise<ClusterWorker> {
  const location = Object.entries(installation.location('configured'));
  return startWorker(installation, 'cluster', {
    HOLDFAST_CLUSTER: cluster,
    HOLDFAST_LOCATIONS: JSON.stringify([
      Object.fromEntries(location.filter(([, value]) => value !== '')),
    ]),
    KUBECONFIG: kubeconfig,
  });
}

/** Starts a worker of one role with variables of its own. */
export async function startWorker(
  installation: Installation,
  role: 'cluster' | 'workflows',
  env: NodeJS.ProcessEnv,
): Promise<ClusterWorker> {
  const child = spawn(process.execPath, [WORKER, '--role', role], {
    env: { ...process.env, TEMPORAL_ADDRESS: installation.temporalAddress, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => {
    // With all that it has written, where 'exit' may come before.
    child.once('close', () => {
      resolve();
    });
  });
  let text = '';
  const ready = new Promise<void>((resolve) => {
    const hear = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes('worker ready')) {
        resolve();
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
  await Promise.race([ready, exited]);
  if (child.exitCode !== null || child.signalCode !== null) {
    const end = String(child.exitCode ?? child.signalCode);
    throw new Error(`the worker of ${role} did not start, and ended with ${end}:\n${text}`);
  }
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
