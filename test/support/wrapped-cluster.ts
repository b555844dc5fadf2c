import type { Cluster } from '../../activities/kubernetes/port.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';

/** A cluster with some of its methods replaced. */
export function wrapped(cluster: Cluster, replaced: Partial<Cluster>): Cluster {
  return new Proxy(cluster, {
    get: (target, method) => {
      const owner = method in replaced ? replaced : target;
      const value: unknown = Reflect.get(owner, method);
      return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
    },
  });
}

/** A cluster whose requests to create are met by something else first. */
export function withCreate(
  cluster: Cluster,
  meet: (type: ResourceType, object: KubernetesObject) => Promise<void>,
  others: Partial<Cluster> = {},
): Cluster {
  return wrapped(cluster, {
    ...others,
    create: async (type, object, options) => {
      await meet(type, object);
      return cluster.create(type, object, options);
    },
  });
}
