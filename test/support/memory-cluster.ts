import type { Cluster, Discovery, ListScope } from '../../activities/kubernetes/port.ts';
import {
  groupResource,
  type ItemReference,
  type KubernetesObject,
  type ListedObject,
  type ResourceType,
  type ServedType,
} from '../../domain/item.ts';
import { matchesLabels, parseLabelSelector } from '../../domain/selection/label-selector.ts';

/** An object of a cluster in memory, with its type as `resource.group`. */
export interface HeldObject {
  readonly type: string;
  readonly object: KubernetesObject;
}

/** Objects of a page: small, so that every listing has several. */
const PAGE_SIZE = 3;

/** A type as a test names it: `deployments.apps`, kind and scope. */
export function servedType(
  name: string,
  kind: string,
  { isNamespaced = true, version = 'v1' }: { isNamespaced?: boolean; version?: string } = {},
): ServedType {
  const [resource = '', ...group] = name.split('.');
  return {
    ...{ group: group.join('.'), version, resource, kind, isNamespaced },
    ...{ singular: kind.toLowerCase(), shortNames: [] },
  };
}

/** A cluster that holds the given objects, for selections that no real cluster could be made to hold by the hundred. */
export function memoryCluster(
  types: readonly ServedType[],
  objects: readonly HeldObject[],
): Pick<Cluster, 'discover' | 'count' | 'listPages' | 'read' | 'readListed'> {
  const discovery: Discovery = { types, otherVersions: [], unrestorable: [], failedGroups: [] };
  const listedOf = ({ type, namespace, labelSelector }: ListScope): ListedObject[] =>
    objects
      .filter(
        (held) =>
          held.type === groupResource(type) &&
          (namespace === '' || held.object.metadata.namespace === namespace) &&
          (labelSelector === undefined ||
            matchesLabels(parseLabelSelector(labelSelector), held.object.metadata.labels)),
      )
      .map(({ object }) => ({ object, json: JSON.stringify(object) }));
  const readListed = (type: ResourceType, item: ItemReference): Promise<ListedObject | undefined> =>
    Promise.resolve(
      listedOf({ type, namespace: item.namespace }).find(
        ({ object: { metadata } }) => metadata.name === item.name,
      ),
    );
  return {
    discover: () => Promise.resolve(discovery),
    count: (scope) => Promise.resolve(listedOf(scope).length),
    listPages: async function* (scope) {
      const listed = listedOf(scope);
      for (let start = 0; start < listed.length; start += PAGE_SIZE) {
        yield await Promise.resolve(listed.slice(start, start + PAGE_SIZE));
      }
    },
    read: async (type, item) => (await readListed(type, item))?.object,
    readListed,
  };
}
