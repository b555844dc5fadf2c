import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

import { openCluster } from '../activities/kubernetes/client.ts';
import { Failure } from '../domain/failure.ts';
import { readConfig } from './config.ts';
import { keepExpiring } from './expiry-schedule.ts';
import { sweepFreezesForever } from './freeze-sweeper.ts';
import { installRuntime, writeLog } from './log.ts';
import { keepCurrent } from './worker-version.ts';
import { createWorkers } from './workers.ts';

/** Pause between two attempts to reach Temporal at the start. */
const CONNECT_PAUSE_MS = 1000;
const EXIT_CONFIG = 2;

/**
 * How far the heap may grow between two collections, in percent of what lives. V8 lets a small heap grow fourfold; the
 * garbage of listings is most of that, and the next pages are here before it would be collected.
 */
const HEAP_GROWTH_PERCENT = 60;

/** Runs the workers of this process until it is asked to end. */
async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWTH_PERCENT)}`);
  const config = readOrExit(() => readConfig(process.argv.slice(2), process.env));
  // With the files of TLS. What runs from here on keeps a process that has failed from its end.
  const { connectionOptions, namespace } = readOrExit(() => loadClientConnectConfig());
  installRuntime(process.env['HOLDFAST_LOG_LEVEL'], config.metrics);
  endWithParent();
  if (config.roles.includes('node')) {
    ignoreHangUps();
  }
  const stop = new AbortController();
  if (config.roles.includes('cluster')) {
    // Before Temporal is there: what is frozen must not wait for it.
    void sweepFreezesForever(openCluster(config.kubeContext), config.namespace, stop.signal);
  }
  const connection = await connectPatiently(connectionOptions);
  try {
    const connected = { connection, namespace: namespace ?? 'default' };
    const workers = await createWorkers(config, connected);
    if (config.roles.includes('cluster')) {
      void keepExpiring(config, connected, stop.signal);
    }
    if (config.version !== undefined && config.takesNewRuns) {
      void keepCurrent(config.version, connected, stop.signal);
    }
    writeLog('info', 'worker ready', { roles: config.roles, cluster: config.cluster });
    await Promise.all(workers.map((worker) => worker.run()));
  } finally {
    stop.abort();
    await connection.close();
  }
}

function readOrExit<Settings>(read: () => Settings): Settings {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Failure ? error.message : String(error);
    process.stderr.write(`holdfast worker: ${message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

/** Temporal may start later than the worker, and may be away for a while: that is no reason to die. */
async function connectPatiently(
  options: Parameters<typeof NativeConnection.connect>[0],
): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      // It tells of the connection alone: of TCP, TLS, or the name of the server.
      const reason = error instanceof Error ? error.message : String(error);
      writeLog('warn', 'temporal does not answer', { address: options?.address, reason });
      await sleep(CONNECT_PAUSE_MS);
    }
  }
}

/** Somebody else's `restic unlock` hangs up the process ids that it finds in locks, whoever has them by now. */
function ignoreHangUps(): void {
  process.on('SIGHUP', () => {
    writeLog('info', 'a hang-up is ignored');
  });
}

/** A worker that was started by `holdfast dev` must not outlive it, however that ends. */
function endWithParent(): void {
  if (process.send !== undefined) {
    process.once('disconnect', () => {
      process.kill(process.pid, 'SIGTERM');
    });
    // A worker that was asked to end by somebody else must not stay for the sake of the open channel.
    process.channel?.unref();
  }
}

try {
  await main();
} catch (error) {
  const name = error instanceof Error ? error.name : 'unknown';
  // Other messages might hold what is backed up.
  const reason =
    error instanceof Error && name === 'TransportError' ? { reason: error.message } : {};
  writeLog('error', 'worker failed', { name, ...reason });
  process.exitCode = 1;
}
