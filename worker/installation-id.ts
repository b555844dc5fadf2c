import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';

import { Failure } from '../domain/failure.ts';
import { writeLog } from './log.ts';
import { callTemporal } from './temporal-call.ts';

/**
 * Asks which Holdfast the worker belongs to: the id of the Temporal namespace, since what runs there can be asked about and
 * runs of another one cannot. Where the worker may not ask for it, its name has to do. It is asked for again each time: a
 * Temporal that lost its data, and comes back under its address, is another one. Throws `temporal-unreachable`.
 */
export function installationId(connected: {
  readonly connection: NativeConnection;
  readonly namespace: string;
}): () => Promise<string> {
  const { namespace } = connected;
  const client = new Client(connected);
  return async () => {
    try {
      const { namespaceInfo } = await callTemporal(client, () =>
        client.workflowService.describeNamespace({ namespace }),
      );
      return namespaceInfo?.id ?? namespace;
    } catch (error) {
      if (error instanceof Failure && error.code === 'temporal-forbidden') {
        writeLog('warn', 'the temporal namespace cannot be described', { namespace, error });
        return namespace;
      }
      throw error;
    }
  };
}
