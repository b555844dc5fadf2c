import type { ResourceType } from '../domain/item.ts';
import type { Cluster } from './kubernetes/port.ts';

export const NAMESPACE: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false,
};

/** Makes Holdfast's own namespace unless it is there. */
export async function ensureNamespace(
  cluster: Pick<Cluster, 'create' | 'read'>,
  name: string,
): Promise<void> {
  const home = { ...NAMESPACE, namespace: '', name };
  if ((await cluster.read(NAMESPACE, home)) === undefined) {
    await cluster.create(NAMESPACE, {
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name },
    });
  }
}
