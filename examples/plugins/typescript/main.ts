import { NativeConnection, Worker } from '@temporalio/worker';

import { Operations } from './operations.ts';
import { activitiesOf } from './plugin.ts';
import { quiet } from './quiet.ts';

// The worker of the plugin: activities on the task queue that its name and its cluster give. It ends in order at SIGTERM.

const { env } = process;
const name = env['PLUGIN_NAME'] ?? 'example-uploader';
const cluster = env['HOLDFAST_CLUSTER'] ?? 'local';
const rate = env['PLUGIN_BYTES_PER_SECOND'];

const operations = new Operations({
  folder: env['PLUGIN_FOLDER'] ?? 'data',
  bytesPerSecond: rate === undefined ? undefined : Number(rate),
});
await operations.resume();

const address = env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace: env['TEMPORAL_NAMESPACE'] ?? 'default',
  taskQueue: `holdfast.plugin.${cluster}.${name}`,
  activities: activitiesOf(operations),
  interceptors: { activity: [quiet] },
});
await worker.run();
await connection.close();
// An upload that goes on is begun anew by the next worker.
process.exit();
