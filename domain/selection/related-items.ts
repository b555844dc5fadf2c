import { isCustom } from '../built-in-groups.ts';
import { fields, list, nameOf } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';

/**
 * What the objects of a backup refer to, so that it is taken with them though the request does not select it. Velero's
 * built-in backup item actions, and one of ours: a role binding brings the cluster role that it grants.
 */
export interface RelatedItems {
  /** `resource.group` to the names of objects: `shop/data`, or `pv-1`. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** Service accounts of the backup, `shop/default`: the cluster role bindings that name them are related. */
  readonly serviceAccounts: readonly string[];
}

export const CLAIMS = 'persistentvolumeclaims';
export const VOLUMES = 'persistentvolumes';
export const PRIORITY_CLASSES = 'priorityclasses.scheduling.k8s.io';
export const CLUSTER_ROLE_BINDINGS = 'clusterrolebindings.rbac.authorization.k8s.io';
const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io';
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
export const NAMESPACES = 'namespaces';
const SECRETS = 'secrets';

/** Types whose objects say which volumes there are. */
export const VOLUME_TYPES: readonly string[] = ['pods', CLAIMS, VOLUMES];

/** Types that may be related to others, each after those that lead to it. */
export const RELATED_TYPES = [
  CLAIMS,
  CLUSTER_ROLE_BINDINGS,
  VOLUMES,
  PRIORITY_CLASSES,
  CLUSTER_ROLES,
  SECRETS,
  DEFINITIONS,
  NAMESPACES,
] as const;
export type RelatedType = (typeof RELATED_TYPES)[number];

type Want = (type: RelatedType, name: string) => void;

/** What each type of object refers to. */
const REFERENCES: Readonly<Record<string, (object: KubernetesObject, want: Want) => void>> = {
  [CLAIMS]: ({ spec, status }, want) => {
    const volume = fields(spec)['volumeName'];
    if (fields(status)['phase'] === 'Bound' && typeof volume === 'string') {
      want(VOLUMES, volume);
    }
  },
  pods: ({ metadata, spec }, want) => {
    const { priorityClassName, volumes } = fields(spec);
    if (typeof priorityClassName === 'string' && priorityClassName !== '') {
      want(PRIORITY_CLASSES, priorityClassName);
    }
    for (const volume of list(volumes)) {
      const claim = claimOf(volume, metadata.name);
      if (claim !== undefined) {
        want(CLAIMS, `${metadata.namespace ?? ''}/${claim}`);
      }
    }
  },
  [CLUSTER_ROLE_BINDINGS]: wantClusterRole,
  'rolebindings.rbac.authorization.k8s.io': wantClusterRole,
  'volumesnapshotclasses.snapshot.storage.k8s.io': ({ metadata: { annotations = {} } }, want) => {
    const name = annotations[`${LISTER_SECRET}name`];
    const namespace = annotations[`${LISTER_SECRET}namespace`];
    if (name !== undefined && namespace !== undefined) {
      want(SECRETS, `${namespace}/${name}`);
    }
  },
};

const LISTER_SECRET = 'csi.storage.k8s.io/snapshotter-list-secret-';

/** Gathers what the objects of a backup refer to, as far as the types in question are wanted. */
export class RelatedGatherer {
  readonly #wanted: ReadonlySet<string>;
  readonly #names = new Map<string, Set<string>>();
  readonly #serviceAccounts = new Set<string>();

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted);
  }

  /** Looks at an object of the backup. */
  see(type: ResourceType, object: KubernetesObject): void {
    if (this.#wanted.size === 0) {
      return;
    }
    const name = groupResource(type);
    REFERENCES[name]?.(object, (related, one) => {
      this.#want(related, one);
    });
    const { metadata } = object;
    if (isCustom(type)) {
      this.#want(DEFINITIONS, name);
    }
    if (type.isNamespaced && metadata.namespace !== undefined) {
      this.#want(NAMESPACES, metadata.namespace);
    }
    if (name === 'serviceaccounts' && this.#wanted.has(CLUSTER_ROLE_BINDINGS)) {
      this.#serviceAccounts.add(`${metadata.namespace ?? ''}/${metadata.name}`);
    }
  }

  /** Adds what another gatherer has found. */
  add({ names, serviceAccounts }: RelatedItems): void {
    for (const [type, some] of Object.entries(names)) {
      for (const name of some) {
        this.#want(type, name);
      }
    }
    for (const account of serviceAccounts) {
      this.#serviceAccounts.add(account);
    }
  }

  /** Names of the objects of a type that were referred to, in their order. */
  namesOf(type: RelatedType): string[] {
    return [...(this.#names.get(type) ?? [])].sort();
  }

  /** Whether a cluster role binding grants something to a service account of the backup. */
  isBindingRelated({ subjects }: KubernetesObject): boolean {
    return list(subjects).some((subject) => {
      const { kind, namespace } = fields(subject);
      return (
        kind === 'ServiceAccount' &&
        typeof namespace === 'string' &&
        this.#serviceAccounts.has(`${namespace}/${nameOf(subject)}`)
      );
    });
  }

  get hasServiceAccounts(): boolean {
    return this.#serviceAccounts.size > 0;
  }

  all(): RelatedItems {
    return {
      names: Object.fromEntries([...this.#names].map(([type, names]) => [type, [...names]])),
      serviceAccounts: [...this.#serviceAccounts],
    };
  }

  #want(type: string, name: string): void {
    if (!this.#wanted.has(type)) {
      return;
    }
    const names = this.#names.get(type);
    if (names === undefined) {
      this.#names.set(type, new Set([name]));
    } else {
      names.add(name);
    }
  }
}

/** The claim that a volume of a pod names. */
export function claimNameOf(volume: unknown): string | undefined {
  const claim = fields(fields(volume)['persistentVolumeClaim'])['claimName'];
  return typeof claim === 'string' ? claim : undefined;
}

/** The claim that a volume of a pod is; a generic ephemeral volume has a claim named after pod and volume. */
function claimOf(volume: unknown, pod: string): string | undefined {
  const isEphemeral = fields(volume)['ephemeral'] !== undefined;
  return claimNameOf(volume) ?? (isEphemeral ? `${pod}-${nameOf(volume)}` : undefined);
}

function wantClusterRole({ roleRef }: KubernetesObject, want: Want): void {
  if (fields(roleRef)['kind'] === 'ClusterRole') {
    want(CLUSTER_ROLES, nameOf(roleRef));
  }
}
