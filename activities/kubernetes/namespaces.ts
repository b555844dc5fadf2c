import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import type { NamespaceFacts } from '../../domain/selection/namespace-selection.ts';
import type { Cluster } from './port.ts';

const NAMESPACE_TYPE: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false,
};

/** The namespaces that exist. */
export async function listNamespaces(
  cluster: Pick<Cluster, 'listPages'>,
  signal: AbortSignal,
): Promise<NamespaceFacts[]> {
  const namespaces: NamespaceFacts[] = [];
  const options = { signal, isMixedAllowed: true };
  for await (const page of cluster.listPages({ type: NAMESPACE_TYPE, namespace: '' }, options)) {
    namespaces.push(...page.map(({ object }) => factsOf(object)));
  }
  return namespaces;
}

function factsOf({ metadata, status }: KubernetesObject): NamespaceFacts {
  const isTerminating =
    typeof status === 'object' && status !== null && 'phase' in status
      ? status.phase === 'Terminating'
      : false;
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    isBeingDeleted: metadata.deletionTimestamp !== undefined || isTerminating,
  };
}
