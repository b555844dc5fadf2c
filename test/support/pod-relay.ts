import { connect, createServer } from 'node:net';

/** Passes connections of pods on to a server of this machine. */
export interface PodRelay {
  /** Host and port that pods connect to. */
  readonly address: string;
  stop(): void;
}

/**
 * Listens where pods reach this machine, which is where the test bed has its own relay to Temporal, and passes each
 * connection on to a server that listens to the loopback address. While that is away, connections are closed.
 */
export async function startPodRelay(target: { host: string; port: number }): Promise<PodRelay> {
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
