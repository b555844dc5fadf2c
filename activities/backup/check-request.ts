import type { BackupSpec } from '../../domain/backup.ts';
import type { FailureReport, FieldError } from '../../domain/failure.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import {
  emptyPatterns,
  type NamespaceFacts,
  type NamespaceSelection,
  selectNamespaces,
} from '../../domain/selection/namespace-selection.ts';
import {
  type FilterPolicies,
  resolveFilterPolicies,
} from '../../domain/selection/filter-policies.ts';
import { readFilterPolicies } from '../../domain/selection/filter-policy-reader.ts';
import { namesOwnTypes, OWN_GROUP } from '../../domain/selection/own-parts.ts';
import type { KnownTypes, UnknownName } from '../../domain/selection/type-lists.ts';
import {
  selectTypes,
  type TypeSelection,
  usesOldFilters,
} from '../../domain/selection/type-selection.ts';
import { shortErrors, shortList } from '../../domain/short-list.ts';
import { POLICY_ROOT, type ResourcePolicies } from '../../domain/volumes/resource-policy.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';
import type { Cluster, Discovery } from '../kubernetes/port.ts';
import { readResourcePolicies } from './read-policy.ts';

const NO_POLICIES: ResourcePolicies = { volumePolicies: [] };
/** Names that one error lists. */
const NAMES_MAX = 10;

/** A request, and what the cluster says to it. */
export interface CheckedRequest {
  readonly spec: BackupSpec;
  readonly discovery: Discovery;
  readonly existing: readonly NamespaceFacts[];
  readonly namespaces: NamespaceSelection;
  readonly types: TypeSelection;
  readonly policies: ResourcePolicies;
  /** Filters of the resource policies, for the types of this cluster. */
  readonly filterPolicies?: FilterPolicies;
}

export type RequestCheck =
  | { readonly kind: 'fine'; readonly request: CheckedRequest }
  | { readonly kind: 'refused'; readonly failure: FailureReport };

/** The part of the worker's clients that a check needs. */
export interface CheckSource {
  readonly cluster: Cluster;
  /** Holdfast's own namespace. */
  readonly namespace: string;
}

/** Compares a request with the cluster. Everything that is wrong with it is told at once. */
export async function checkRequest(
  { cluster, namespace: own }: CheckSource,
  spec: BackupSpec,
  signal: AbortSignal,
): Promise<RequestCheck> {
  const [discovery, existing, policy] = await Promise.all([
    cluster.discover(),
    listNamespaces(cluster, signal),
    readPolicies(cluster, { spec, own }, signal),
  ]);
  const policies = 'errors' in policy ? (policy.rest ?? NO_POLICIES) : policy.policies;
  const namespaces = selectNamespaces(spec, existing, own);
  const known = { served: discovery.types, failedGroups: discovery.failedGroups };
  const chosen = selectTypes(spec, {
    ...known,
    ...(policies.includeExclude === undefined ? {} : { policy: policies.includeExclude }),
  });
  const types = withoutOwn(spec, chosen, discovery.types);
  const filters = filterPolicies(policies, known);
  const errors = [
    ...namespaceErrors(spec, existing, namespaces),
    ...typeErrors([...types.unknown, ...filters.unknown]),
    ...('errors' in policy ? policy.errors : []),
    ...filters.errors,
    ...mixedErrors(spec, policies),
  ];
  const [first] = errors;
  if (first !== undefined) {
    return { kind: 'refused', failure: { ...reportOf(first), errors: shortErrors(errors) } };
  }
  const request = {
    ...{ spec, discovery, existing, namespaces, types, policies },
    ...(filters.policies === undefined ? {} : { filterPolicies: filters.policies }),
  };
  const hasTypes = [...types.decisions.values()].some(({ isCollected }) => isCollected);
  return hasTypes || discovery.failedGroups.length > 0
    ? { kind: 'fine', request }
    : { kind: 'refused', failure: nothingSelected() };
}

/** The refusal of a request that selects no object. */
export function nothingSelected(): FailureReport {
  return {
    code: 'nothing-selected',
    message: 'no object of the cluster is selected; include other types, labels or namespaces',
    subject: 'spec',
  };
}

function readPolicies(
  cluster: Cluster,
  { spec, own }: { spec: BackupSpec; own: string },
  signal: AbortSignal,
): ReturnType<typeof readResourcePolicies> {
  return spec.resourcePolicy === undefined
    ? Promise.resolve({ policies: NO_POLICIES })
    : readResourcePolicies(cluster, { name: spec.resourcePolicy.name, namespace: own }, signal);
}

function namespaceErrors(
  spec: BackupSpec,
  existing: readonly NamespaceFacts[],
  { taken, leftOut, missing }: NamespaceSelection,
): FieldError[] {
  const pointer = '/spec/includedNamespaces';
  if (missing.length > 0) {
    const detail = `the cluster has no namespace ${shortList(missing, NAMES_MAX)}; correct spec.includedNamespaces`;
    return [{ pointer, code: 'namespace-not-found', detail }];
  }
  if (taken.length > 0) {
    return [];
  }
  const empty = emptyPatterns(spec.includedNamespaces, existing);
  const away = leftOut.map(({ name }) => name);
  const [field, detail] =
    empty.length === spec.includedNamespaces.length
      ? [pointer, `matches no namespace; correct ${shortList(empty, NAMES_MAX)}`]
      : away.length > 0
        ? [
            pointer,
            `takes only ${shortList(away, NAMES_MAX)}, which are left out: being deleted, labelled velero.io/exclude-from-backup, or Holdfast's own`,
          ]
        : ['/spec/excludedNamespaces', 'leaves no namespace; include or exclude others'];
  return [{ pointer: field, code: 'nothing-selected', detail: `${dotted(field)} ${detail}` }];
}

interface Filters {
  readonly policies?: FilterPolicies;
  readonly unknown: readonly UnknownName[];
  readonly errors: readonly FieldError[];
}

/** The filters of resource policies, for the types of this cluster. */
function filterPolicies(
  { filterPolicies: sections }: ResourcePolicies,
  known: KnownTypes,
): Filters {
  if (sections === undefined) {
    return { unknown: [], errors: [] };
  }
  const read = readFilterPolicies(sections, POLICY_ROOT);
  return 'errors' in read
    ? { unknown: [], errors: read.errors }
    : { ...resolveFilterPolicies(read.written, known), errors: [] };
}

/** As in Velero, filters of resource policies do not go with the older filters of a request. */
function mixedErrors(spec: BackupSpec, policies: ResourcePolicies): FieldError[] {
  const sections = [
    ...(policies.includeExclude === undefined ? [] : ['includeExcludePolicy']),
    ...Object.keys(policies.filterPolicies ?? {}),
  ];
  return usesOldFilters(spec)
    ? sections.map((section) => ({
        pointer: '/spec/resourcePolicy',
        code: 'policy-not-usable',
        detail: `${section} of the resource policies does not go with includedResources, excludedResources and includeClusterResources; use the lists by scope`,
      }))
    : [];
}

function typeErrors(unknown: readonly UnknownName[]): FieldError[] {
  return unknown.map(({ pointer, name }) => ({
    pointer,
    code: 'type-not-found',
    detail: `${dotted(pointer)} names ${name}; the cluster serves no such type of that scope that can be listed and created; correct it, or leave it out`,
  }));
}

/** Resources of Holdfast itself are taken where the request names them. */
function withoutOwn(
  spec: BackupSpec,
  selection: TypeSelection,
  served: readonly ResourceType[],
): TypeSelection {
  const own = served.filter(({ group }) => group === OWN_GROUP).map(groupResource);
  if (namesOwnTypes(spec) || own.length === 0) {
    return selection;
  }
  const decisions = new Map(selection.decisions);
  for (const type of own) {
    decisions.set(type, { isCollected: false, isRelatedTaken: false, reason: 'holdfast' });
  }
  return { ...selection, decisions };
}

function reportOf({ code, detail, pointer }: FieldError): FailureReport {
  return { code, message: detail, subject: dotted(pointer) };
}

/** `/spec/includedResources` as people write it: `spec.includedResources`. A place in a policy stays as it is. */
function dotted(pointer: string): string {
  return pointer.startsWith('/') ? pointer.slice(1).replaceAll('/', '.') : pointer;
}
