/** A type of Kubernetes object as the API server serves it. */
export interface ResourceType {
  /** API group; empty for the core group. */
  readonly group: string;
  /** The group's preferred version. */
  readonly version: string;
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

/** A type as discovery tells of it, with the other names that people use for it. */
export interface ServedType extends ResourceType {
  /** `deployment`; empty where the server does not say. */
  readonly singular: string;
  readonly shortNames: readonly string[];
}

/** One Kubernetes object, by name; nothing of its content. */
export interface ItemReference {
  readonly group: string;
  readonly resource: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

/** The parts of a Kubernetes object that Holdfast looks at; everything else passes through untouched. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/**
 * An object as a listing gave it. The JSON is the server's own text: numbers in it that JavaScript does not hold exactly
 * are what they were.
 */
export interface ListedObject {
  readonly object: KubernetesObject;
  readonly json: string;
}

interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  deletionTimestamp?: string;
  [field: string]: unknown;
}

/** An entry of `metadata.ownerReferences`. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  [field: string]: unknown;
}

/** `deployments.apps`, `pods`: the name that Velero and kubectl use for a type. */
export function groupResource(type: { group: string; resource: string }): string {
  return type.group === '' ? type.resource : `${type.resource}.${type.group}`;
}

/** The `apiVersion` of a type's objects: `v1`, `apps/v1`. */
export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The reference to an object of a type. */
export function itemOf(
  { group, resource }: Pick<ResourceType, 'group' | 'resource'>,
  { metadata: { name, namespace = '' } }: Pick<KubernetesObject, 'metadata'>,
): ItemReference {
  return { group, resource, namespace, name };
}

/** An item reference for people: `deployments.apps/shop/web`, `namespaces/shop`. */
export function itemText(item: ItemReference): string {
  const type = groupResource(item);
  return item.namespace === '' ? `${type}/${item.name}` : `${type}/${item.namespace}/${item.name}`;
}
