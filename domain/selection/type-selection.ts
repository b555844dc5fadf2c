import { type BackupSpec, type ResourceLists, takesAllNamespaces } from '../backup.ts';
import type { CoverageReason, CoverageReport } from '../coverage.ts';
import { groupResource, type ServedType } from '../item.ts';
import { POLICY_ROOT, type ScopedLists } from '../volumes/resource-policy.ts';
import { takenTwin } from './cohabitation.ts';
import {
  ALL_TYPES,
  combineFilters,
  type KnownTypes,
  type ListFields,
  OLD_LISTS,
  SCOPED_LISTS,
  type TypeFilter,
  TypeListReader,
  type UnknownName,
} from './type-lists.ts';

/** What a request makes of the types that a cluster serves. */
export interface TypeSelection {
  /** By `resource.group`; each served type has one. */
  readonly decisions: ReadonlyMap<string, TypeDecision>;
  /** Names in include lists that no served type has. */
  readonly unknown: readonly UnknownName[];
  readonly ambiguous: CoverageReport['ambiguousNames'];
}

/** What a request makes of a type. */
export interface TypeDecision {
  /** Whether all objects of it are taken that the other filters take. */
  readonly isCollected: boolean;
  /** Whether an object of it is taken because an object of the backup refers to it. */
  readonly isRelatedTaken: boolean;
  /** Why it is not collected. */
  readonly reason?: CoverageReason;
}

/** What a selection needs to know beside the request. */
export interface SelectionContext extends KnownTypes {
  /** Lists of the request's resource policies; they do not go with the older filters. */
  readonly policy?: ScopedLists;
}

type SelectedSpec = ResourceLists & Pick<BackupSpec, 'includedNamespaces'>;
type Decide = (type: ServedType) => TypeDecision;

const NAMESPACES = 'namespaces';
/** They stand for storage of this cluster; Velero leaves them out of every backup. */
const SNAPSHOT_TYPES: ReadonlySet<string> = new Set([
  'volumesnapshots.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
]);

const COLLECTED: TypeDecision = { isCollected: true, isRelatedTaken: true };

/**
 * Chooses types as Velero does, but where that is a known defect: with all namespaces, cluster-scoped types are taken
 * whatever is excluded.
 */
export function selectTypes(spec: SelectedSpec, context: SelectionContext): TypeSelection {
  const reader = new TypeListReader(context.failedGroups);
  const decide = usesOldFilters(spec)
    ? oldDecision(spec, context, reader)
    : scopedDecision(spec, context, reader);
  const served = new Set(context.served.map(groupResource));
  const decisions = context.served.map((type) => {
    const name = groupResource(type);
    return [name, fixedDecision(name, served) ?? decide(type)] as const;
  });
  return { decisions: new Map(decisions), unknown: reader.unknown, ambiguous: reader.ambiguous };
}

/** Whether a request uses Velero's older filters by type; one that uses none is read as of the newer family. */
export function usesOldFilters(spec: ResourceLists): boolean {
  const { includedResources = [], excludedResources = [], includeClusterResources } = spec;
  return (
    includedResources.length > 0 ||
    excludedResources.length > 0 ||
    includeClusterResources !== undefined
  );
}

/** What no request changes. */
function fixedDecision(name: string, served: ReadonlySet<string>): TypeDecision | undefined {
  if (SNAPSHOT_TYPES.has(name)) {
    return leftOut('snapshot-objects');
  }
  return takenTwin(name, served) === name ? undefined : leftOut('cohabiting');
}

function oldDecision(
  spec: SelectedSpec,
  { served }: SelectionContext,
  reader: TypeListReader,
): Decide {
  const filter = reader.read({ lists: spec, root: '/spec' }, OLD_LISTS, served);
  const { includeClusterResources } = spec;
  const takesCluster = includeClusterResources ?? takesAllNamespaces(spec);
  return (type) => {
    const name = groupResource(type);
    const listed = listedDecision(name, filter);
    if (type.isNamespaced) {
      return listed;
    }
    if (includeClusterResources === false) {
      return leftOut('excluded');
    }
    if (name === NAMESPACES) {
      // They are not related to what is in them: a list without them leaves them out.
      return listed;
    }
    if (listed.reason === 'not-included') {
      // Velero asks the list about related objects as well, unless cluster-scoped objects are asked for.
      return { ...listed, isRelatedTaken: includeClusterResources === true };
    }
    return listed.isCollected && !takesCluster ? relatedOnly('cluster-scope') : listed;
  };
}

function scopedDecision(
  spec: SelectedSpec,
  { served, policy = {} }: SelectionContext,
  reader: TypeListReader,
): Decide {
  const filterOf = (fields: ListFields, isNamespaced: boolean): TypeFilter => {
    const types = served.filter((type) => type.isNamespaced === isNamespaced);
    return combineFilters(
      reader.read({ lists: spec, root: '/spec' }, fields, types),
      reader.read({ lists: policy, root: `${POLICY_ROOT}/includeExcludePolicy` }, fields, types),
    );
  };
  const namespaced = filterOf(SCOPED_LISTS.namespaced, true);
  const cluster = filterOf(SCOPED_LISTS.cluster, false);
  const takesCluster = takesAllNamespaces(spec) && !isNarrowed(spec, namespaced);
  return (type) => {
    const name = groupResource(type);
    if (type.isNamespaced) {
      return listedDecision(name, namespaced);
    }
    if (cluster.excluded.has(name)) {
      return leftOut('excluded');
    }
    if (name === NAMESPACES || cluster.included?.has(name) === true) {
      return COLLECTED;
    }
    if (cluster.included !== undefined) {
      return relatedOnly('not-included');
    }
    return takesCluster ? COLLECTED : relatedOnly('cluster-scope');
  };
}

function listedDecision(name: string, { included, excluded }: TypeFilter): TypeDecision {
  if (excluded.has(name)) {
    return leftOut('excluded');
  }
  return included?.has(name) === false ? leftOut('not-included') : COLLECTED;
}

function leftOut(reason: CoverageReason): TypeDecision {
  return { isCollected: false, isRelatedTaken: false, reason };
}

function relatedOnly(reason: CoverageReason): TypeDecision {
  return { isCollected: false, isRelatedTaken: true, reason };
}

/** Whether a list of the request or of its policies chooses among namespaced types. */
function isNarrowed(spec: SelectedSpec, { included }: TypeFilter): boolean {
  return (
    included !== undefined && spec.includedNamespaceScopedResources?.includes(ALL_TYPES) !== true
  );
}
