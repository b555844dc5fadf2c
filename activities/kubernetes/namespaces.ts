import type { ResourceType } from '../../domain/item.ts';
import type { Cluster } from './port.ts';

const NAMESPACE_TYPE: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false,
};

/** Names of the namespaces that exist and are not being deleted. */
export async function listNamespaces(cluster: Cluster, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  const options = { signal, isMixedAllowed: true };
  for await (const page of cluster.listPages({ type: NAMESPACE_TYPE, namespace: '' }, options)) {
    for (const {
      object: { metadata },
    } of page) {
      if (metadata.deletionTimestamp === undefined) {
        names.push(metadata.name);
      }
    }
  }
  return names;
}
