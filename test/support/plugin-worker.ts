import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

import { pluginTaskQueue } from '../../domain/workflow-id.ts';
import type { Installation } from './installation.ts';

// What a plugin does is said by the test.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A plugin of this process. */
export interface PluginWorker {
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** Starts the worker of a plugin, as somebody does who writes one: with nothing but activities, on the plugin's queue. */
export async function startPlugin(
  installation: Installation,
  name: string,
  activities: object,
): Promise<PluginWorker> {
  const connection = await NativeConnection.connect({ address: installation.temporalAddress });
  const taskQueue = pluginTaskQueue(installation.name, name);
  const worker = await Worker.create({ connection, namespace: 'default', taskQueue, activities });
  const ended = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}
