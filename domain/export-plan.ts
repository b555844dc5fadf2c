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
/** A selection of at most so many namespaces is counted namespace by namespace, whatever else the cluster holds. */
const COUNTED_NAMESPACES_MAX = 5;

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
  /** The namespaces whose objects are taken: those that are selected and existed when the plan was made. */
  readonly namespaces: readonly string[];
  /** Types that have objects, as `resource.group`: where they are custom, their definitions are kept. */
  readonly presentTypes: readonly string[];
}

/** Where the objects of a type are counted: in the whole cluster, or in some namespaces. */
export interface CountedType {
  readonly type: ResourceType;
  /** By namespace; one entry with the name `''` for the whole cluster. */
  readonly items: ReadonlyMap<string, number>;
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
 * Where a type is counted first: in each of a few selected namespaces, else in the whole cluster, which takes one
 * request.
 */
export function countScopes(
  spec: BackupSpec,
  type: ResourceType,
  namespaces: readonly string[],
): readonly string[] {
  const isFew = !isWholeCluster(spec) && namespaces.length <= COUNTED_NAMESPACES_MAX;
  return type.isNamespaced && isFew ? namespaces : [''];
}

/**
 * The listings of a type: one for the cluster, or one for each selected namespace, whichever takes fewer
 * requests; a large type is listed by namespace so that its parts can be exported at the same time.
 */
export function unitScopes(
  spec: BackupSpec,
  { type, items }: CountedType,
  namespaces: readonly string[],
): { readonly namespace: string; readonly keep: KeepRule }[] {
  if (!type.isNamespaced) {
    return [{ namespace: '', keep: clusterRule(spec, type) }];
  }
  const total = items.get('');
  if (total === undefined) {
    const filled = namespaces.filter((namespace) => (items.get(namespace) ?? 0) > 0);
    return filled.map((namespace) => ({ namespace, keep: 'all' }));
  }
  const pages = Math.ceil(total / PAGE_SIZE);
  const isPartial = spec.excludedNamespaces.length > 0 || !isWholeCluster(spec);
  const byNamespace = total > SHARD_ITEMS || (isPartial && namespaces.length <= pages);
  return byNamespace
    ? namespaces.map((namespace) => ({ namespace, keep: 'all' }))
    : [{ namespace: '', keep: 'inSelection' }];
}

/**
 * Cuts shards of about equal cost, none far above the target. Units of one type stay together and in order, so that
 * an index lists each type once; a unit is never divided, because a listing is a chain of pages.
 */
export function cutShards(units: readonly ExportUnit[]): ExportShard[] {
  const total = units.reduce((sum, unit) => sum + unit.items, 0);
  const limit = Math.max(SHARD_ITEMS, Math.ceil(total / (SHARDS_MAX / 2)));
  const target = Math.ceil(total / Math.max(1, Math.ceil(total / limit)));
  const shards: { units: ExportUnit[]; items: number }[] = [];
  for (const unit of units) {
    const last = shards.at(-1);
    // A unit goes where it brings the shard nearer to the target: less than half of it may stick out.
    if (last === undefined || last.items + unit.items / 2 > target) {
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

/** Which objects of a cluster-scoped type are taken. */
function clusterRule(spec: BackupSpec, type: ResourceType): KeepRule {
  const isNamespaceType = groupResource(type) === 'namespaces';
  return isWholeCluster(spec) && !isNamespaceType ? 'all' : (keepRule(type) ?? 'all');
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
