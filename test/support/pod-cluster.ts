import type { Cluster } from '../../activities/kubernetes/port.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { type HeldObject, memoryCluster } from './memory-cluster.ts';

export const RUNNING = { phase: 'Running' };
/** The status of a pod whose image does not come. */
export const NOT_PULLED = {
  phase: 'Pending',
  containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }],
};

/** A cluster in memory whose pods are on a node at once, with the status that the test wants. */
export function podCluster(
  objects: readonly HeldObject[],
  status: object = RUNNING,
): {
  readonly cluster: Pick<Cluster, 'count' | 'create' | 'listPages' | 'read' | 'remove'>;
  readonly held: HeldObject[];
  /** The pods that were made, as they were asked for. */
  readonly made: KubernetesObject[];
} {
  const held = [...objects];
  const made: KubernetesObject[] = [];
  const cluster: ReturnType<typeof podCluster>['cluster'] = {
    ...memoryCluster([], held),
    create: (_, object) => {
      made.push(object);
      const spec = { ...(object['spec'] as object), nodeName: 'n1' };
      const metadata = { ...object.metadata, uid: 'made', resourceVersion: '1' };
      const created = { ...object, metadata, spec, status };
      held.push({ type: 'pods', object: created });
      return Promise.resolve({ kind: 'created' });
    },
    remove: (_, { name }) => {
      held.splice(
        held.findIndex(({ object }) => object.metadata.name === name),
        1,
      );
      return Promise.resolve();
    },
  };
  return { cluster, held, made };
}
