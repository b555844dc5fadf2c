import { openCluster } from '../../activities/kubernetes/client.ts';
import type { Cluster } from '../../activities/kubernetes/port.ts';
import { groupResource, type KubernetesObject } from '../../domain/item.ts';

/** Objects that controllers make again, with names or content of their own choice. */
const MADE_BY_CONTROLLERS = new Set([
  ...['pods', 'replicasets.apps', 'endpoints', 'endpointslices.discovery.k8s.io'],
  ...['events', 'events.events.k8s.io', 'leases.coordination.k8s.io', 'pods.metrics.k8s.io'],
]);
/** Labels and annotations that a restore or a controller adds. */
const ADDED = [
  ...['velero.io/', 'holdfast.dev/', 'deployment.kubernetes.io/revision'],
  'volume.kubernetes.io/selected-node',
];
/** Fields of a spec that the cluster assigns. */
const ASSIGNED = ['clusterIP', 'clusterIPs', 'volumeName'];

/** What somebody put into a namespace, object by object, without what the server sets. */
export async function namespaceSnapshot(namespace: string): Promise<Record<string, unknown>> {
  const cluster = openCluster(undefined);
  try {
    return await snapshotOf(cluster, namespace);
  } finally {
    await cluster.close();
  }
}

async function snapshotOf(cluster: Cluster, namespace: string): Promise<Record<string, unknown>> {
  const snapshot: Record<string, unknown> = {};
  const { types } = await cluster.discover();
  const options = { signal: AbortSignal.timeout(60_000), isMixedAllowed: true };
  for (const type of types.filter(({ isNamespaced }) => isNamespaced)) {
    if (MADE_BY_CONTROLLERS.has(groupResource(type))) {
      continue;
    }
    for await (const page of cluster.listPages({ type, namespace }, options)) {
      for (const { object } of page) {
        snapshot[`${groupResource(type)}/${object.metadata.name}`] = contentOf(object);
      }
    }
  }
  return snapshot;
}

function contentOf(object: KubernetesObject): unknown {
  const { metadata, ...content } = object;
  delete content['status'];
  const spec = content['spec'];
  if (typeof spec === 'object' && spec !== null) {
    for (const field of ASSIGNED) {
      Reflect.deleteProperty(spec, field);
    }
  }
  const { labels = {}, annotations = {} } = metadata;
  return { ...content, labels: own(labels), annotations: own(annotations) };
}

function own(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).filter(([name]) => !ADDED.some((added) => name.startsWith(added))),
  );
}
