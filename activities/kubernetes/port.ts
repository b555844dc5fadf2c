import type { ItemReference, KubernetesObject, ResourceType } from '../../domain/item.ts';
import type { ClusterIdentity } from '../../domain/stored-run.ts';

/**
 * One Kubernetes cluster in the project's own words. All methods throw `Failure`: `cluster-unreachable`,
 * `throttled` and `listing-expired` are worth another attempt, `cluster-forbidden` and `cluster-rejected` are not.
 * A message names the thing and the server's reason word, and quotes nothing of the server's text, since that
 * text quotes field values.
 */
export interface Cluster {
  /** Asks the cluster who it is; also the cheapest proof that it answers. */
  identity(): Promise<ClusterIdentity>;

  /** Every type that is served, once, in its group's preferred version. */
  discover(): Promise<Discovery>;

  /** How many objects there are now; an estimate where the server does not count. */
  count(scope: ListScope, signal?: AbortSignal): Promise<number>;

  /** All objects of a scope, page by page, as one consistent listing. Throws `listing-expired`. */
  listPages(scope: ListScope, options: ListOptions): AsyncIterable<readonly KubernetesObject[]>;

  /** One object, or undefined if there is none. */
  read(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<KubernetesObject | undefined>;

  /** Creates an object; one that is there is left alone and reported. */
  create(
    type: ResourceType,
    object: KubernetesObject,
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'>;

  close(): Promise<void>;
}

export interface ListScope {
  readonly type: ResourceType;
  /** Empty for all namespaces, and for cluster-scoped types. */
  readonly namespace: string;
}

export interface ListOptions {
  readonly signal: AbortSignal;
  /** Go on with what the server has now when the listing expires, instead of throwing. */
  readonly isMixedAllowed: boolean;
}

export interface Discovery {
  /** Types that can be listed, read, created and deleted. */
  readonly types: readonly ResourceType[];
  /** `group/version` of what is registered and does not answer. */
  readonly failedGroups: readonly string[];
}
