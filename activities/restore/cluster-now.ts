import { fields } from '../../domain/fields.ts';
import {
  apiVersionOf,
  groupResource,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** What of a pod is looked up when it is admitted, and the pod refused if it is not there. */
const POD_REFERENCES: readonly PodReference[] = [
  {
    ...{ field: 'serviceAccountName', group: '', version: 'v1', resource: 'serviceaccounts' },
    ...{ kind: 'ServiceAccount', isNamespaced: true, words: 'service account' },
  },
  {
    ...{ field: 'priorityClassName', group: 'scheduling.k8s.io', version: 'v1' },
    ...{ resource: 'priorityclasses', kind: 'PriorityClass', isNamespaced: false },
    words: 'priority class',
  },
  {
    ...{ field: 'runtimeClassName', group: 'node.k8s.io', version: 'v1' },
    ...{ resource: 'runtimeclasses', kind: 'RuntimeClass', isNamespaced: false },
    words: 'runtime class',
  },
];

interface PodReference extends ResourceType {
  readonly field: string;
  readonly words: string;
}

/** What a cluster has now of what objects need before it can be asked about them. */
export class ClusterNow {
  readonly #cluster: Cluster;
  readonly #types: ReadonlySet<string>;
  readonly #namespaces: ReadonlySet<string>;

  private constructor(
    cluster: Cluster,
    known: { readonly types: ReadonlySet<string>; readonly namespaces: ReadonlySet<string> },
  ) {
    this.#cluster = cluster;
    this.#types = known.types;
    this.#namespaces = known.namespaces;
  }

  static async of(cluster: Cluster, signal: AbortSignal): Promise<ClusterNow> {
    const [{ types, otherVersions, unrestorable }, namespaces] = await Promise.all([
      cluster.discover(),
      listNamespaces(cluster, signal),
    ]);
    return new ClusterNow(cluster, {
      types: new Set([...types, ...otherVersions, ...unrestorable].map(textOf)),
      namespaces: new Set(
        namespaces.filter(({ isBeingDeleted }) => !isBeingDeleted).map(({ name }) => name),
      ),
    });
  }

  /** Why the cluster cannot be asked about an object; undefined if it can. */
  whatIsMissing(type: ResourceType, { metadata }: KubernetesObject): string | undefined {
    if (!this.#types.has(textOf(type))) {
      return `not checked: the cluster does not serve ${groupResource(type)} before its definition or APIService is restored`;
    }
    const { namespace } = metadata;
    return namespace === undefined || this.#namespaces.has(namespace)
      ? undefined
      : `not checked: the namespace ${namespace} is not there yet`;
  }

  /** What a refused object refers to, and the cluster does not have yet; undefined if that is not why. */
  async missingReference(
    type: ResourceType,
    object: KubernetesObject,
  ): Promise<string | undefined> {
    if (groupResource(type) !== 'pods') {
      return undefined;
    }
    const spec = fields(object['spec']);
    for (const reference of POD_REFERENCES) {
      const name = spec[reference.field];
      const namespace = reference.isNamespaced ? (object.metadata.namespace ?? '') : '';
      if (typeof name === 'string' && name !== '') {
        const item = { ...reference, namespace, name };
        if ((await this.#cluster.read(reference, item)) === undefined) {
          return `not checked: the ${reference.words} ${name} is not there yet`;
        }
      }
    }
    return undefined;
  }
}

function textOf(type: ResourceType): string {
  return `${apiVersionOf(type)}/${type.resource}`;
}
