import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../domain/failure.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../domain/item.ts';
import { DEFINITION } from '../domain/plugins/plugin-resource.ts';
import type { Cluster } from './kubernetes/port.ts';

/** How long a cluster may take to serve a type that it was just told of, and the pause between two looks. */
const SERVED_WITHIN_MS = 10_000;
const LOOK_MS = 100;

/** A type of ours, and what makes a cluster serve it. */
export interface OwnType {
  readonly type: ResourceType;
  readonly definition: KubernetesObject;
}

/** How many objects of a type of ours a namespace has. Makes the type where the cluster does not know it. */
export async function countOwn(
  cluster: Pick<Cluster, 'count' | 'create'>,
  { type, definition }: OwnType,
  namespace: string,
): Promise<number> {
  const countKnown = async (): Promise<number | undefined> => {
    try {
      return await cluster.count({ type, namespace });
    } catch (error) {
      if (isTypeUnknown(error)) {
        return undefined;
      }
      throw error;
    }
  };
  const count = await countKnown();
  if (count !== undefined) {
    return count;
  }
  // One that somebody else makes at the same time is the same.
  await cluster.create(DEFINITION, definition);
  for (let waitedMs = 0; waitedMs < SERVED_WITHIN_MS; waitedMs += LOOK_MS) {
    const served = await countKnown();
    if (served !== undefined) {
      return served;
    }
    await sleep(LOOK_MS);
  }
  const subject = groupResource(type);
  const text = `the cluster does not serve ${subject} yet, whose definition is there`;
  throw new Failure('cluster-failed', text, { subject });
}

/**
 * Whether a listing failed because the cluster does not serve a type. An account that may not list it is told the same
 * of one that is not there.
 */
export async function isUnserved(
  cluster: Pick<Cluster, 'discover'>,
  type: ResourceType,
  error: unknown,
): Promise<boolean> {
  if (error instanceof Failure && error.code === 'cluster-forbidden') {
    const { types } = await cluster.discover();
    return !types.some((served) => groupResource(served) === groupResource(type));
  }
  return isTypeUnknown(error);
}

/** Whether a listing failed because the cluster does not serve the type. */
function isTypeUnknown(error: unknown): boolean {
  return error instanceof Failure && error.code === 'not-found';
}
