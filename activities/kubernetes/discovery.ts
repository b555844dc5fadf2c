import type { ResourceType } from '../../domain/item.ts';
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
  }[];
}

/** Reads one discovery document; undefined if the server answered in another form. */
export function parseDiscovery(text: string): Discovery | undefined {
  // The server's own document; what is used of it is checked field by field.
  const document = JSON.parse(text) as DiscoveryDocument;
  if (document.kind !== 'APIGroupDiscoveryList') {
    return undefined;
  }
  const types: ResourceType[] = [];
  const failedGroups: string[] = [];
  for (const { metadata, versions } of document.items ?? []) {
    const group = metadata?.name ?? '';
    const served = versions ?? [];
    // What is stale was served once: it is listed from memory, and its server does not answer now.
    const stale = served.filter(({ freshness }) => freshness === 'Stale');
    types.push(
      ...typesOfGroup(
        group,
        served.filter((version) => !stale.includes(version)),
      ),
    );
    failedGroups.push(...stale.map(({ version }) => `${group}/${version}`));
  }
  return { types, failedGroups };
}

/** The preferred version comes first; a resource that it lacks is taken from the next that has it. */
function typesOfGroup(group: string, versions: readonly DiscoveredVersion[]): ResourceType[] {
  const types = new Map<string, ResourceType>();
  for (const type of versions.flatMap((version) => typesOf(group, version))) {
    if (!types.has(type.resource)) {
      types.set(type.resource, type);
    }
  }
  return [...types.values()];
}

function typesOf(group: string, version: DiscoveredVersion): ResourceType[] {
  return (version.resources ?? [])
    .filter(({ verbs }) => NEEDED_VERBS.every((verb) => verbs.includes(verb)))
    .map(({ resource, scope, responseKind }) => ({
      group,
      version: version.version,
      resource,
      kind: responseKind?.kind ?? '',
      isNamespaced: scope === 'Namespaced',
    }));
}
