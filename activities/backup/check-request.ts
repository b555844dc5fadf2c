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
import type { KnownTypes, UnknownName } from '../../domain/selection/type-lists.ts';
import {
  selectTypes,
  type TypeSelection,
  usesOldFilters,
} from '../../domain/selection/type-selection.ts';
import { POLICY_ROOT, type ResourcePolicies } from '../../domain/volumes/resource-policy.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';
import type { Cluster, Discovery } from '../kubernetes/port.ts';
import { readResourcePolicies } from './read-policy.ts';

/** Holdfast's own API group: its resources are its own affair, and a restore does not write over them. */
const OWN_GROUP = 'holdfast.dev';
const NO_POLICIES: ResourcePolicies = { volumePolicies: [] };
/** Errors that one refusal tells, and names that one error lists: a refusal travels through Temporal. */
const ERRORS_MAX = 50;
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
    return { kind: 'refused', failure: { ...reportOf(first), errors: told(errors) } };
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
    const detail = `the cluster has no namespace ${listed(missing)}; correct spec.includedNamespaces`;
    return [{ pointer, code: 'namespace-not-found', detail }];
  }
  if (taken.length > 0) {
    return [];
  }
  const empty = emptyPatterns(spec.includedNamespaces, existing);
  const away = leftOut.map(({ name }) => name);
  const [field, detail] =
    empty.length === spec.includedNamespaces.length
      ? [pointer, `matches no namespace; correct ${listed(empty)}`]
      : away.length > 0
        ? [
            pointer,
            `takes only ${listed(away)}, which are left out: being deleted, labelled velero.io/exclude-from-backup, or Holdfast's own`,
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
  const lists = [
    spec.includedResources,
    spec.includedClusterScopedResources,
    spec.includedNamespaceScopedResources,
  ];
  const isNamed = lists.some((list) => list?.some((name) => name.endsWith(OWN_GROUP)) === true);
  const own = served.filter(({ group }) => group === OWN_GROUP).map(groupResource);
  if (isNamed || own.length === 0) {
    return selection;
  }
  const decisions = new Map(selection.decisions);
  for (const type of own) {
    decisions.set(type, { isCollected: false, isRelatedTaken: false, reason: 'holdfast' });
  }
  return { ...selection, decisions };
}

/** As many errors as a refusal may carry; the last says how many there are more. */
function told(errors: readonly FieldError[]): readonly FieldError[] {
  const rest = errors.length - ERRORS_MAX;
  const last = errors[ERRORS_MAX - 1];
  return rest <= 0 || last === undefined
    ? errors
    : [
        ...errors.slice(0, ERRORS_MAX - 1),
        { ...last, detail: `${last.detail}; and ${String(rest)} more errors` },
      ];
}

/** The first names of a list that may be long. */
function listed(names: readonly string[]): string {
  const rest = names.length - NAMES_MAX;
  return `${names.slice(0, NAMES_MAX).join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}

function reportOf({ code, detail, pointer }: FieldError): FailureReport {
  return { code, message: detail, subject: dotted(pointer) };
}

/** `/spec/includedResources` as people write it: `spec.includedResources`. A place in a policy stays as it is. */
function dotted(pointer: string): string {
  return pointer.startsWith('/') ? pointer.slice(1).replaceAll('/', '.') : pointer;
}
