import { startProxy } from './kubectl-proxy.ts';

const NEEDED_VERBS = ['list', 'get', 'create', 'delete'];
const PAGE_SIZE = 500;
/** Objects without their content. An aggregated server that cannot leave it out sends whole ones. */
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** An object as an API server lists it. */
export interface ClusterObject {
  /** `deployments.apps` */
  readonly type: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly isBeingDeleted: boolean;
}

/** The name of an object among all of a cluster: `deployments.apps/shop/web`. */
export function objectPath({
  type,
  namespace,
  name,
}: Pick<ClusterObject, 'type' | 'namespace' | 'name'>): string {
  return `${type}/${namespace}/${name}`;
}

/**
 * Every object of every type that serves list, get, create and delete, by its path, as the API server itself tells:
 * kubectl lends its credentials, and nothing of Holdfast's own code takes part.
 */
export async function listCluster(
  kubeconfig?: string,
): Promise<ReadonlyMap<string, ClusterObject>> {
  const proxy = await startProxy(kubeconfig);
  try {
    const types = await servedTypes(proxy.url);
    const lists = await Promise.all(types.map((type) => listType(proxy.url, type)));
    return new Map(lists.flat().map((object) => [objectPath(object), object]));
  } finally {
    proxy.stop();
  }
}

interface ServedType {
  readonly type: string;
  readonly path: string;
}

interface ApiGroups {
  readonly groups: readonly {
    readonly name: string;
    readonly preferredVersion: { readonly groupVersion: string };
    readonly versions: readonly { readonly groupVersion: string }[];
  }[];
}

interface ApiResources {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

/** Each type once; in the preferred version where that has it. */
async function servedTypes(url: string): Promise<ServedType[]> {
  const found = new Map<string, ServedType>();
  const { groups } = (await getJson<ApiGroups>(`${url}/apis`)) ?? { groups: [] };
  const paths = [
    { group: '', path: '/api/v1' },
    ...groups.flatMap(({ name, preferredVersion, versions }) =>
      [preferredVersion, ...versions].map(({ groupVersion }) => ({
        group: name,
        path: `/apis/${groupVersion}`,
      })),
    ),
  ];
  const documents = await Promise.all(
    paths.map(({ path }) => getJson<ApiResources>(`${url}${path}`)),
  );
  for (const [index, { group, path }] of paths.entries()) {
    for (const { name, verbs } of documents[index]?.resources ?? []) {
      const type = group === '' ? name : `${name}.${group}`;
      const isWanted = !name.includes('/') && NEEDED_VERBS.every((verb) => verbs.includes(verb));
      if (isWanted && !found.has(type)) {
        found.set(type, { type, path: `${path}/${name}` });
      }
    }
  }
  return [...found.values()];
}

interface ObjectList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly {
    readonly metadata: {
      readonly namespace?: string;
      readonly name: string;
      readonly uid?: string;
      readonly deletionTimestamp?: string;
    };
  }[];
}

async function listType(url: string, { type, path }: ServedType): Promise<ClusterObject[]> {
  const objects: ClusterObject[] = [];
  let token = '';
  do {
    const query = `limit=${String(PAGE_SIZE)}&continue=${encodeURIComponent(token)}`;
    const page = await getJson<ObjectList>(`${url}${path}?${query}`);
    for (const { metadata } of page?.items ?? []) {
      const { namespace = '', name, uid = '', deletionTimestamp } = metadata;
      objects.push({ type, namespace, name, uid, isBeingDeleted: deletionTimestamp !== undefined });
    }
    token = page?.metadata.continue ?? '';
  } while (token !== '');
  return objects;
}

/** Undefined for what is no longer there, and for a group whose server does not answer. */
async function getJson<Body>(url: string): Promise<Body | undefined> {
  const response = await fetch(url, { headers: { accept: METADATA_ONLY } });
  if (response.status === 404 || response.status === 503) {
    return undefined;
  }
  if (!response.ok) {
    throw new Error(`${url} answers ${String(response.status)}: ${await response.text()}`);
  }
  // The documents are Kubernetes' own, whose shape the callers name.
  return (await response.json()) as Body;
}
