import type { BackupSpec } from '../backup.ts';
import { mappedNamespace, type RestoreSpec } from '../restore.ts';
import type { ScheduleSpec } from '../schedules/schedule.ts';
import { isPattern } from '../selection/name-pattern.ts';
import type { AccessNeed, AccessVerb } from './access-need.ts';

/** What is done, and with which run. */
export interface RunAccess {
  readonly verb: AccessVerb;
  /** Left out for all of them. */
  readonly name?: string;
  /** The cluster whose RBAC is asked. Its namespaces say nothing of those of another cluster that have their names. */
  readonly ownCluster: string;
}

/** Types that say who may do what, by plural and by kind, in lower case, without their group. They have no short names. */
const RBAC_TYPES: ReadonlySet<string> = new Set([
  ...['roles', 'role', 'rolebindings', 'rolebinding'],
  ...['clusterroles', 'clusterrole', 'clusterrolebindings', 'clusterrolebinding'],
]);
/** Those of them that a namespace has. */
const NAMESPACED_RBAC_TYPES = ['roles', 'rolebindings'] as const;
const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** What to do with a restore that needs a grant of its own. */
export const BOUND_RESTORE_HINT =
  'a restore needs create clusterrestores.holdfast.dev unless it leaves out all objects of the cluster and all that say ' +
  `who may do what, and changes nothing that is there: set spec.includeClusterResources to false, leave out spec.existingResourcePolicy, and add ${NAMESPACED_RBAC_TYPES.map((type) => `${type}.${RBAC_GROUP}`).join(' and ')} to spec.excludedResources`;

/** What a caller needs who has to do with a backup, made or asked for. */
export function backupNeeds(spec: BackupSpec, { verb, name, ownCluster }: RunAccess): AccessNeed[] {
  const named = name === undefined ? {} : { name };
  const runs = namespacesOf(spec, ownCluster).map((namespace) => ({
    ...{ verb, resource: 'backups' as const, ...named },
    ...namespace,
  }));
  return takesClusterObjects(spec, ownCluster)
    ? [...runs, { verb, resource: 'clusterbackups', ...named }]
    : runs;
}

/**
 * What a caller needs who has to do with a restore. Who makes one must be allowed to see what it reads, too, values of
 * Secrets included, in each namespace of the backup that it takes from.
 */
export function restoreNeeds(spec: RestoreSpec, access: RunAccess): AccessNeed[] {
  const { verb, name, ownCluster } = access;
  const named = name === undefined ? {} : { name };
  const sources = namespacesOf(spec, ownCluster);
  const targets = sources.map(({ namespace }) => ({
    ...{ verb, resource: 'restores' as const, ...named },
    ...(namespace === undefined ? {} : { namespace: mappedNamespace(spec, namespace) }),
  }));
  const cluster: AccessNeed[] = isBound(spec)
    ? []
    : [{ verb, resource: 'clusterrestores', ...named }];
  return verb === 'create'
    ? [...readNeeds(spec, sources), ...targets, ...cluster]
    : [...targets, ...cluster];
}

/** What a caller needs who has to do with a schedule. Who makes or changes one makes its backups. */
export function scheduleNeeds(
  { template }: Pick<ScheduleSpec, 'template'>,
  access: RunAccess,
): AccessNeed[] {
  const { verb, name, ownCluster } = access;
  const named = name === undefined ? {} : { name };
  const schedules = namespacesOf(template, ownCluster).map((namespace) => ({
    ...{ verb, resource: 'schedules' as const, ...named },
    ...namespace,
  }));
  return verb === 'create' || verb === 'update'
    ? [...schedules, ...backupNeeds(template, { verb: 'create', ownCluster })]
    : schedules;
}

function readNeeds(
  { backupName }: Pick<RestoreSpec, 'backupName'>,
  sources: readonly Pick<AccessNeed, 'namespace'>[],
): AccessNeed[] {
  const named = backupName === '' ? {} : { name: backupName };
  // What is read comes to where its reader may see it, Secrets too.
  return sources.flatMap((namespace) => {
    const need = { verb: 'get' as const, resource: 'backups' as const, ...named, ...namespace };
    return [need, { ...need, subresource: 'data' }];
  });
}

/** The namespaces that a selection names one by one; the whole cluster where it does not, and in another cluster. */
function namespacesOf(
  { cluster, includedNamespaces }: Pick<BackupSpec, 'cluster' | 'includedNamespaces'>,
  ownCluster: string,
): readonly Pick<AccessNeed, 'namespace'>[] {
  const areNamed = includedNamespaces.length > 0 && !includedNamespaces.some(isPattern);
  return cluster === ownCluster && areNamed
    ? includedNamespaces.map((namespace) => ({ namespace }))
    : [{}];
}

/** Whether a backup has more objects of the cluster than those that its namespaces' objects refer to. */
function takesClusterObjects(spec: BackupSpec, ownCluster: string): boolean {
  const { includeClusterResources, includedClusterScopedResources = [], resourcePolicy } = spec;
  const takesAll = namespacesOf(spec, ownCluster).some(({ namespace }) => namespace === undefined);
  // A policy may name types of the cluster, too.
  const mayNameThem = includedClusterScopedResources.length > 0 || resourcePolicy !== undefined;
  return includeClusterResources ?? (takesAll || mayNameThem);
}

/** Whether a restore can write nothing but objects of namespaces, and none that says who may do what. */
function isBound({
  includeClusterResources,
  includedResources = [],
  excludedResources = [],
  existingResourcePolicy = 'none',
}: RestoreSpec): boolean {
  const excluded = excludedResources.map((text) => text.trim().toLowerCase());
  const leavesOut = NAMESPACED_RBAC_TYPES.every((type) =>
    excluded.includes(`${type}.${RBAC_GROUP}`),
  );
  const takesOthers = includedResources.length > 0 && !includedResources.some(maySayWho);
  // Labels of a namespace and quotas are what holds its owners: what is there of these must stay as it is.
  const leavesAlone = existingResourcePolicy === 'none';
  return includeClusterResources === false && leavesAlone && (leavesOut || takesOthers);
}

/** Whether a name may stand for a type that says who may do what. A type of another group that has the name counts too. */
function maySayWho(text: string): boolean {
  const [word = ''] = text.trim().toLowerCase().split('.');
  return isPattern(text) || RBAC_TYPES.has(word);
}
