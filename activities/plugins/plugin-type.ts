import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../../domain/failure.ts';
import { groupResource } from '../../domain/item.ts';
import { DEFINITION, PLUGIN, PLUGIN_DEFINITION } from '../../domain/plugins/plugin-resource.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** How long a cluster may take to serve a type that it was just told of, and the pause between two looks. */
const SERVED_WITHIN_MS = 10_000;
const LOOK_MS = 100;

type TypeCluster = Pick<Cluster, 'count' | 'create'>;

/** How many plugins a namespace has. Makes the type where the cluster does not know it. */
export async function countPlugins(cluster: TypeCluster, namespace: string): Promise<number> {
  const count = await countKnown(cluster, namespace);
  if (count !== undefined) {
    return count;
  }
  // One that somebody else makes at the same time is the same.
  await cluster.create(DEFINITION, PLUGIN_DEFINITION);
  for (let waitedMs = 0; waitedMs < SERVED_WITHIN_MS; waitedMs += LOOK_MS) {
    const served = await countKnown(cluster, namespace);
    if (served !== undefined) {
      return served;
    }
    await sleep(LOOK_MS);
  }
  const type = groupResource(PLUGIN);
  const text = `the cluster does not serve ${type} yet, whose definition is there`;
  throw new Failure('cluster-failed', text, { subject: type });
}

/** Undefined where the cluster does not serve the type. */
async function countKnown(cluster: TypeCluster, namespace: string): Promise<number | undefined> {
  try {
    return await cluster.count({ type: PLUGIN, namespace });
  } catch (error) {
    if (isTypeUnknown(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a listing failed because the cluster does not serve the type. */
export function isTypeUnknown(error: unknown): boolean {
  return error instanceof Failure && error.code === 'not-found';
}
