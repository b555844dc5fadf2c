/** What may be done with things of Holdfast, asked as the verbs of Kubernetes. */
export type AccessVerb = 'get' | 'list' | 'create' | 'update' | 'delete';

/**
 * What there is to be allowed. `clusterbackups` and `clusterrestores` are runs that touch objects of the cluster, or
 * objects that say who may do what; the others are the plurals of the API, as Kubernetes writes them.
 */
type AccessResource =
  | 'backups'
  | 'clusterbackups'
  | 'clusterrestores'
  | 'notificationendpoints'
  | 'plugins'
  | 'reconciliations'
  | 'restores'
  | 'schedules'
  | 'status'
  | 'storagelocations';

/** The API group of all of them in rules of RBAC. Most are virtual: no custom resource has their name. */
export const ACCESS_GROUP = 'holdfast.dev';

/** Something that a caller must be allowed to do, as a rule of RBAC in the cluster says it. */
export interface AccessNeed {
  readonly verb: AccessVerb;
  readonly resource: AccessResource;
  readonly subresource?: string;
  /** The whole cluster when left out: a ClusterRoleBinding alone allows it. */
  readonly namespace?: string;
  readonly name?: string;
}

/** Who sends a request, as a TokenReview tells it. */
export interface Subject {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** A need in words: `create backups.holdfast.dev in the namespace shop`. */
export function needText({ verb, resource, subresource, namespace, name }: AccessNeed): string {
  const part = subresource === undefined ? '' : `/${subresource}`;
  const which = name === undefined ? '' : ` ${name}`;
  const where = namespace === undefined ? 'in the whole cluster' : `in the namespace ${namespace}`;
  return `${verb} ${resource}.${ACCESS_GROUP}${part}${which} ${where}`;
}
