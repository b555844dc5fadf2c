import type { ResourceType, ServedType } from '../../domain/item.ts';
import type { Discovery } from './port.ts';

/**
 * Aggregated discovery: one document per API root holds every group, version and resource, preferred versions
 * first (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery).
 */
export const DISCOVERY_ROOTS = ['/api', '/apis'] as const;
export const DISCOVERY_ACCEPT = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

/** A type that lacks one of these cannot be backed up and put back. */
const NEEDED_VERBS = ['list', 'get', 'create', 'delete'];

interface DiscoveryDocument {
  readonly kind: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly DiscoveredVersion[];
  }[];
}

interface DiscoveredVersion {
  readonly version: string;
  readonly freshness?: 'Current' | 'Stale';
  readonly resources?: readonly {
    readonly resource: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly verbs: readonly string[];
    readonly responseKind?: { readonly kind?: string };
    readonly singularResource?: string;
    readonly shortNames?: readonly string[];
  }[];
}

/** Reads one discovery document; undefined if the server answered in another form. */
export function parseDiscovery(text: string): Discovery | undefined {
  // The server's own document; what is used of it is checked field by field.
  const document = JSON.parse(text) as DiscoveryDocument;
  if (document.kind !== 'APIGroupDiscoveryList') {
    return undefined;
  }
  const discovery = { types: [], otherVersions: [], unrestorable: [], failedGroups: [] };
  for (const { metadata, versions } of document.items ?? []) {
    addGroup(discovery, metadata?.name ?? '', versions ?? []);
  }
  return discovery;
}

interface OpenDiscovery {
  readonly types: ServedType[];
  readonly otherVersions: ResourceType[];
  readonly unrestorable: ResourceType[];
  readonly failedGroups: string[];
}

/** The preferred version comes first; a resource that it lacks is taken from the next that has it. */
function addGroup(
  discovery: OpenDiscovery,
  group: string,
  versions: readonly DiscoveredVersion[],
): void {
  const types = new Map<string, ServedType>();
  const unrestorable = new Map<string, ResourceType>();
  for (const version of versions) {
    // What is stale was served once: it is listed from memory, and its server does not answer now.
    if (version.freshness === 'Stale') {
      discovery.failedGroups.push(`${group}/${version.version}`);
      continue;
    }
    for (const { type, isRestorable } of typesOf(group, version)) {
      if (!isRestorable) {
        unrestorable.set(type.resource, type);
      } else if (types.has(type.resource)) {
        discovery.otherVersions.push(type);
      } else {
        types.set(type.resource, type);
      }
    }
  }
  discovery.types.push(...types.values());
  discovery.unrestorable.push(
    ...[...unrestorable.values()].filter(({ resource }) => !types.has(resource)),
  );
}

function typesOf(
  group: string,
  version: DiscoveredVersion,
): { readonly type: ServedType; readonly isRestorable: boolean }[] {
  return (version.resources ?? []).map((served) => ({
    type: {
      group,
      version: version.version,
      resource: served.resource,
      kind: served.responseKind?.kind ?? '',
      isNamespaced: served.scope === 'Namespaced',
      singular: served.singularResource ?? '',
      shortNames: served.shortNames ?? [],
    },
    isRestorable: NEEDED_VERBS.every((verb) => served.verbs.includes(verb)),
  }));
}
