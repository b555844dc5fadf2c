import { ALL_NAMESPACES, type BackupSpec, isNamespaceSelected, isWholeCluster } from './backup.ts';
import { groupResource, type ResourceType } from './item.ts';

/** Objects per page of a listing; a unit costs as many requests as it has pages. */
const PAGE_SIZE = 500;
/** A backup of at most so many objects is written by one activity. */
export const SMALL_BACKUP_ITEMS_MAX = 1000;
/** Objects of a shard, while that keeps the number of shards under its limit. */
export const SHARD_ITEMS = 3000;
/** Shards of one backup: bounds its history. */
const SHARDS_MAX = 250;

/** One listing of an export: a type, in one namespace or in all, and which of its objects are kept. */
export interface ExportUnit {
  readonly type: ResourceType;
  /** Empty for all namespaces, and for cluster-scoped types. */
  readonly namespace: string;
  readonly keep: KeepRule;
  /** Counted at planning time: a cost, not a promise. */
  readonly items: number;
}

/**
 * Which listed objects are kept: all; those in selected namespaces; namespaces that are selected themselves;
 * volumes bound to a claim in a selected namespace; definitions of custom resources that have objects.
 */
export type KeepRule =
  'all' | 'inSelection' | 'selectedNamespaces' | 'boundVolumes' | 'definitions';

export interface ExportShard {
  readonly units: readonly ExportUnit[];
  readonly items: number;
}

/** The plan of a backup, as it is stored while the run is under way. */
export interface ExportPlan {
  readonly shards: readonly ExportShard[];
  readonly items: number;
  /** Types that have objects, as `resource.group`: where they are custom, their definitions are kept. */
  readonly presentTypes: readonly string[];
  /** `group/version` of what is registered and does not answer. */
  readonly failedGroups: readonly string[];
}

/** A type with the number of its objects in the whole cluster. */
export interface CountedType {
  readonly type: ResourceType;
  readonly items: number;
}

/** Types that hold the same objects under two groups; the first is taken. Source: Velero's item_collector.go. */
const TWINS: readonly (readonly [string, string])[] = [
  ['events', 'events.events.k8s.io'],
  ['ingresses.networking.k8s.io', 'ingresses.extensions'],
  ['networkpolicies.networking.k8s.io', 'networkpolicies.extensions'],
  ['deployments.apps', 'deployments.extensions'],
  ['daemonsets.apps', 'daemonsets.extensions'],
  ['replicasets.apps', 'replicasets.extensions'],
];

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

/** The types of which a backup may hold objects. */
export function typesToExport(spec: BackupSpec, types: readonly ResourceType[]): ResourceType[] {
  const served = new Set(types.map(groupResource));
  const twins = new Set(TWINS.flatMap(([first, second]) => (served.has(first) ? [second] : [])));
  return types.filter(
    (type) =>
      !twins.has(groupResource(type)) &&
      (type.isNamespaced || isWholeCluster(spec) || keepRule(type) !== undefined),
  );
}

/**
 * The listings of a type: one for the cluster, or one for each selected namespace, whichever takes fewer
 * requests; a large type is listed by namespace so that its parts can be exported at the same time.
 */
export function unitScopes(
  spec: BackupSpec,
  counted: CountedType,
  namespaces: readonly string[],
): { readonly namespace: string; readonly keep: KeepRule }[] {
  const { type, items } = counted;
  if (!type.isNamespaced) {
    return [
      {
        namespace: '',
        keep: isWholeCluster(spec) ? clusterRule(spec, type) : (keepRule(type) ?? 'all'),
      },
    ];
  }
  const pages = Math.ceil(items / PAGE_SIZE);
  const isPartial = spec.excludedNamespaces.length > 0 || !isWholeCluster(spec);
  const byNamespace = items > SHARD_ITEMS || (isPartial && namespaces.length <= pages);
  return byNamespace
    ? namespaces.map((namespace) => ({ namespace, keep: 'all' }))
    : [{ namespace: '', keep: isPartial ? 'inSelection' : 'all' }];
}

/**
 * Cuts shards of about equal cost. Units of one type stay together and in order, so that an index lists each
 * type once; a unit is never divided, because a listing is a chain of pages.
 */
export function cutShards(units: readonly ExportUnit[]): ExportShard[] {
  const total = units.reduce((sum, unit) => sum + unit.items, 0);
  const target = Math.max(SHARD_ITEMS, Math.ceil(total / (SHARDS_MAX / 2)));
  const shards: { units: ExportUnit[]; items: number }[] = [];
  for (const unit of units) {
    const last = shards.at(-1);
    if (last === undefined || last.items + unit.items > target) {
      shards.push({ units: [unit], items: unit.items });
    } else {
      last.units.push(unit);
      last.items += unit.items;
    }
  }
  return shards;
}

/** The namespaces whose objects are selected, of those that exist. */
export function selectedNamespaces(spec: BackupSpec, existing: readonly string[]): string[] {
  return existing.filter((namespace) => isNamespaceSelected(spec, namespace));
}

/** The namespaces that a request names and that do not exist. */
export function missingNamespaces(
  selection: Pick<BackupSpec, 'includedNamespaces'>,
  existing: readonly string[],
): string[] {
  const known = new Set(existing);
  return selection.includedNamespaces.filter(
    (namespace) => namespace !== ALL_NAMESPACES && !known.has(namespace),
  );
}

function clusterRule(spec: BackupSpec, type: ResourceType): KeepRule {
  const isNamespaceType = groupResource(type) === 'namespaces';
  return isNamespaceType && spec.excludedNamespaces.length > 0 ? 'selectedNamespaces' : 'all';
}

/** Cluster-scoped types of which a backup of chosen namespaces takes what belongs to them. */
function keepRule(type: ResourceType): KeepRule | undefined {
  const rules: Readonly<Record<string, KeepRule>> = {
    namespaces: 'selectedNamespaces',
    persistentvolumes: 'boundVolumes',
    [DEFINITIONS]: 'definitions',
  };
  return rules[groupResource(type)];
}
