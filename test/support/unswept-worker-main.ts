import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

import { readConfig } from '../../worker/config.ts';
import { installRuntime, writeLog } from '../../worker/log.ts';
import { createWorkers } from '../../worker/workers.ts';

// A worker as `worker/main.ts` runs it, but nobody sweeps freezes.

installRuntime(process.env['HOLDFAST_LOG_LEVEL'], undefined);
const config = readConfig(process.argv.slice(2), process.env);
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const workers = await createWorkers(config, { connection, namespace });
writeLog('info', 'worker ready');
await Promise.all(workers.map((worker) => worker.run()));
