import type { ResourceLists } from '../backup.ts';
import type { FieldError } from '../failure.ts';
import type { Fields } from '../fields.ts';
import { inside, StrictReader } from './strict-reader.ts';
import { readConditions, type VolumeConditions } from './volume-conditions.ts';

const POLICY_VERSION = 'v1';
/** What pointers into the policies begin with; they are a document beside the request. */
export const POLICY_ROOT = 'resourcePolicy:';

const SCOPED_LISTS = [
  'includedClusterScopedResources',
  'excludedClusterScopedResources',
  'includedNamespaceScopedResources',
  'excludedNamespaceScopedResources',
] as const;
const FILTER_SECTIONS = ['namespacedFilterPolicies', 'clusterScopedFilterPolicy'] as const;
const SECTIONS = ['version', 'volumePolicies', 'includeExcludePolicy', ...FILTER_SECTIONS];

const VOLUME_ACTIONS = ['skip', 'snapshot', 'fs-backup'] as const;
type VolumeAction = (typeof VOLUME_ACTIONS)[number];

/** What Velero's resource policies say: how volumes are treated, and which objects are selected. */
export interface ResourcePolicies {
  /** The first that matches a volume decides. */
  readonly volumePolicies: readonly VolumePolicy[];
  /** Filters by type, for a request that has none of its own. */
  readonly includeExclude?: ScopedLists;
  /** Velero's filters by namespace and kind, as they were written; domain/selection reads them. */
  readonly filterPolicies?: FilterSections;
}

/** What to do with the volumes that meet every condition; where there is none, with all volumes. */
export interface VolumePolicy {
  readonly conditions: VolumeConditions;
  readonly action: VolumeAction;
  /** What the action is told, as it was written: `snapshotClass`. */
  readonly parameters?: Readonly<Fields>;
}

/** Velero's newer family of filters by type. */
export type ScopedLists = Pick<ResourceLists, (typeof SCOPED_LISTS)[number]>;

/** The sections of filters by namespace and kind. */
type FilterSections = Readonly<Partial<Record<(typeof FILTER_SECTIONS)[number], unknown>>>;

/** What was read, or all that is wrong with it, and the rest: a faulty part does not hide faults of another. */
export type ReadPolicies =
  | { readonly policies: ResourcePolicies }
  | { readonly errors: readonly FieldError[]; readonly rest?: ResourcePolicies };

/** Reads the value that the YAML of Velero's resource policies stands for. */
export function parseResourcePolicies(document: unknown): ReadPolicies {
  const reader = new StrictReader('policy-not-usable');
  const sections = reader.mapping(document, POLICY_ROOT, SECTIONS);
  if (sections['version'] !== POLICY_VERSION) {
    reader.refuse(`${POLICY_ROOT}/version`, `must be ${POLICY_VERSION}`);
  }
  const policies = {
    volumePolicies: readVolumePolicies(reader, sections['volumePolicies']),
    ...readScopedLists(reader, sections['includeExcludePolicy']),
    ...filterSections(sections),
  };
  return reader.errors.length > 0 ? { errors: reader.errors, rest: policies } : { policies };
}

function readVolumePolicies(reader: StrictReader, section: unknown): VolumePolicy[] {
  const pointer = `${POLICY_ROOT}/volumePolicies`;
  return reader
    .elements(section ?? [], pointer)
    .map((policy, index) => readVolumePolicy(reader, policy, inside(pointer, String(index))));
}

function readVolumePolicy(reader: StrictReader, policy: unknown, pointer: string): VolumePolicy {
  const { conditions = {}, action } = reader.mapping(policy, pointer, ['conditions', 'action']);
  return {
    conditions: readConditions(reader, conditions, `${pointer}/conditions`),
    ...readAction(reader, action, `${pointer}/action`),
  };
}

function readAction(
  reader: StrictReader,
  action: unknown,
  pointer: string,
): Pick<VolumePolicy, 'action' | 'parameters'> {
  const { type, parameters } = reader.mapping(action, pointer, ['type', 'parameters']);
  const known = VOLUME_ACTIONS.find((word) => word === type);
  if (known === undefined) {
    const remedy = `must be one of ${VOLUME_ACTIONS.join(', ')}`;
    const reason = '; custom needs a plugin of Velero, and Holdfast runs none';
    reader.refuse(`${pointer}/type`, type === 'custom' ? remedy + reason : remedy);
  }
  return {
    action: known ?? 'skip',
    ...(parameters === undefined
      ? {}
      : { parameters: reader.openMapping(parameters, `${pointer}/parameters`) }),
  };
}

function readScopedLists(
  reader: StrictReader,
  section: unknown,
): Pick<ResourcePolicies, 'includeExclude'> {
  if (section === undefined || section === null) {
    return {};
  }
  const pointer = `${POLICY_ROOT}/includeExcludePolicy`;
  const given = reader.mapping(section, pointer, SCOPED_LISTS);
  const lists: { -readonly [Name in keyof ScopedLists]: string[] } = {};
  for (const name of SCOPED_LISTS) {
    const types = reader.texts(given[name] ?? [], `${pointer}/${name}`);
    if (types.includes('*')) {
      reader.refuse(`${pointer}/${name}`, 'must name types; "*" is for the request alone');
    }
    if (types.length > 0) {
      lists[name] = types;
    }
  }
  requireApart(reader, lists.includedClusterScopedResources, {
    pointer: `${pointer}/excludedClusterScopedResources`,
    types: lists.excludedClusterScopedResources,
  });
  requireApart(reader, lists.includedNamespaceScopedResources, {
    pointer: `${pointer}/excludedNamespaceScopedResources`,
    types: lists.excludedNamespaceScopedResources,
  });
  return { includeExclude: lists };
}

function requireApart(
  reader: StrictReader,
  included: readonly string[] = [],
  excluded: { readonly pointer: string; readonly types: readonly string[] | undefined },
): void {
  const both = (excluded.types ?? []).filter((type) => included.includes(type));
  if (both.length > 0) {
    reader.refuse(excluded.pointer, 'names a type that is included too; name it in one place');
  }
}

function filterSections(sections: Fields): Pick<ResourcePolicies, 'filterPolicies'> {
  const given = FILTER_SECTIONS.filter((name) => (sections[name] ?? null) !== null);
  return given.length === 0
    ? {}
    : { filterPolicies: Object.fromEntries(given.map((name) => [name, sections[name]])) };
}
