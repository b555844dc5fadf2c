import type { ResourceType } from '../../domain/item.ts';
import type { LiveNamespace } from '../../domain/protection.ts';
import type { Cluster } from './port.ts';

const NAMESPACES: ResourceType = {
  ...{ group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces' },
  isNamespaced: false,
};
/** Longest that the cluster is waited for. */
const LIST_TIMEOUT_MS = 10_000;

/** The namespaces of a cluster that are not on their way out, and its uid. Throws what the cluster throws. */
export async function liveNamespaces(
  cluster: Pick<Cluster, 'identity' | 'listPages'>,
): Promise<{ readonly clusterUid: string; readonly namespaces: readonly LiveNamespace[] }> {
  const { uid: clusterUid } = await cluster.identity();
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const pages = cluster.listPages(
    { type: NAMESPACES, namespace: '' },
    { signal, isMixedAllowed: true },
  );
  const namespaces: LiveNamespace[] = [];
  for await (const page of pages) {
    for (const { object } of page) {
      const { name, creationTimestamp, deletionTimestamp } = object.metadata;
      if (deletionTimestamp === undefined) {
        namespaces.push({ name, createdMs: Date.parse(String(creationTimestamp)) });
      }
    }
  }
  return { clusterUid, namespaces };
}
