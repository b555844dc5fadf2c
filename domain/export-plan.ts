import { type BackupProblems, type BackupSpec, takesAllNamespaces } from './backup.ts';
import type { CoverageReason, CoverageReport } from './coverage.ts';
import type { ResourceType } from './item.ts';
import type { RegisteredPlugin } from './plugins/plugin.ts';
import type { FilterPolicies } from './selection/filter-policies.ts';
import type { LabelSelector } from './selection/label-selector.ts';
import type { RelatedType } from './selection/related-items.ts';
import type { VolumePolicy } from './volumes/resource-policy.ts';

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

/** One listing of an export: a type, in one namespace or in all. */
export interface ExportUnit {
  readonly type: ResourceType;
  /** Empty for all namespaces, and for cluster-scoped types. */
  readonly namespace: string;
  /** Counted at planning time: a cost, not a promise. */
  readonly items: number;
  /** Only these objects, in this order: `shop/db-0`, or `pv-1`. */
  readonly names?: readonly string[];
  /** Whether the version is another one than the preferred. */
  readonly isOtherVersion?: true;
}

export interface ExportShard {
  readonly units: readonly ExportUnit[];
  readonly items: number;
}

/** What the plan of a backup says about the selection, to whoever decides about single objects. */
export interface PlannedSelection {
  /** The namespaces whose objects are taken: those that are selected and existed when the plan was made. */
  readonly namespaces: readonly string[];
  /** All namespaces that existed, where the request takes every one: whatever is in another came later. */
  readonly known?: readonly string[];
  readonly selectors: readonly LabelSelector[];
  /** Types of which every object is taken that the other filters take, as `resource.group`. */
  readonly collected: readonly string[];
  /** Types of which objects are taken because others refer to them. */
  readonly related: readonly PlannedRelated[];
  /** Namespaces that match a label selector themselves. */
  readonly matchingNamespaces: readonly string[];
  /** Whether the request chooses its namespaces: then all of them come along with what is in any, as in Velero. */
  readonly areNamespacesChosen?: true;
  /** Type to the objects of it that come first. */
  readonly ordered: Readonly<Record<string, readonly string[]>>;
  readonly filterPolicies?: FilterPolicies;
}

export interface PlannedRelated {
  readonly name: RelatedType;
  readonly type: ResourceType;
  /** Read for the choice of volumes, and not taken. */
  readonly isLookedAt?: true;
}

/** What is known about coverage before anything is listed. */
export interface PlannedCoverage extends Pick<
  CoverageReport,
  'groups' | 'namespaces' | 'ambiguousNames'
> {
  readonly types: readonly PlannedType[];
  readonly problems: BackupProblems;
}

export interface PlannedType {
  readonly type: ResourceType;
  readonly reason?: CoverageReason;
}

/** The plan of a backup, as it is stored while the run is under way. */
export interface ExportPlan {
  readonly shards: readonly ExportShard[];
  readonly items: number;
  readonly selection: PlannedSelection;
  readonly coverage: PlannedCoverage;
  readonly volumePolicies: readonly VolumePolicy[];
  /** Whether there are objects that may have volumes. */
  readonly hasVolumes: boolean;
  /** Registered plugins with actions for backups; left out where there are none. */
  readonly plugins?: readonly RegisteredPlugin[];
}

/** Where the objects of a type are counted: in the whole cluster, or in some namespaces. */
export interface CountedType {
  readonly type: ResourceType;
  /** By namespace; one entry with the name `''` for the whole cluster. */
  readonly items: ReadonlyMap<string, number>;
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
  const isFew = !takesAllNamespaces(spec) && namespaces.length <= COUNTED_NAMESPACES_MAX;
  return type.isNamespaced && isFew ? namespaces : [''];
}

/**
 * The listings of a type, by namespace: one for the cluster (`''`), or one for each selected namespace, whichever
 * takes fewer requests; a large type is listed by namespace so that its parts can be exported at the same time.
 */
export function unitScopes(
  spec: BackupSpec,
  { type, items }: CountedType,
  namespaces: readonly string[],
): readonly string[] {
  if (!type.isNamespaced) {
    return [''];
  }
  const total = items.get('');
  if (total === undefined) {
    return namespaces.filter((namespace) => (items.get(namespace) ?? 0) > 0);
  }
  const pages = Math.ceil(total / PAGE_SIZE);
  const isPartial = spec.excludedNamespaces.length > 0 || !takesAllNamespaces(spec);
  const byNamespace = total > SHARD_ITEMS || (isPartial && namespaces.length <= pages);
  return byNamespace ? namespaces : [''];
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
