import { openCluster } from '../../activities/kubernetes/client.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { forEachInPool } from '../../activities/in-pool.ts';

function coreType(resource: string, kind: string, isNamespaced = true): ResourceType {
  return { group: '', version: 'v1', resource, kind, isNamespaced };
}

const NAMESPACE = coreType('namespaces', 'Namespace', false);
export const CONFIG_MAP = coreType('configmaps', 'ConfigMap');
export const SECRET = coreType('secrets', 'Secret');

/** Makes a namespace with some objects of one type, each with so many bytes of content. */
export async function fillNamespace(
  namespace: string,
  { type, count, bytes }: { type: ResourceType; count: number; bytes: number },
): Promise<void> {
  const cluster = openCluster(undefined);
  await cluster.create(NAMESPACE, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  async function* objects(): AsyncGenerator<KubernetesObject> {
    for (let index = 0; index < count; index++) {
      yield await Promise.resolve({
        apiVersion: 'v1',
        kind: type.kind,
        metadata: { name: itemName(index), namespace },
        data: { value: contentOf(type, index, bytes) },
      });
    }
  }
  await forEachInPool(objects(), 32, async (object) => {
    await cluster.create(type, object);
  });
  await cluster.close();
}

/** Makes each of the last objects of a filled namespace owned by the one that is as many places after the first. */
export async function giveOwners(
  namespace: string,
  { type, count, owned }: { type: ResourceType; count: number; owned: number },
): Promise<void> {
  const cluster = openCluster(undefined);
  async function* indices(): AsyncGenerator<number> {
    for (let index = 0; index < owned; index++) {
      yield await Promise.resolve(index);
    }
  }
  await forEachInPool(indices(), 32, async (index) => {
    const owner = { ...type, namespace, name: itemName(index) };
    const uid = (await cluster.read(type, owner))?.metadata.uid;
    const reference = { apiVersion: 'v1', kind: type.kind, name: owner.name, uid };
    const item = { ...owner, name: itemName(count - owned + index) };
    await cluster.patch(type, item, { merge: { metadata: { ownerReferences: [reference] } } });
  });
  await cluster.close();
}

/** Name of an object of a filled namespace, by its place from 0. */
export function itemName(index: number): string {
  return `item-${String(index).padStart(5, '0')}`;
}

/** Text that differs from object to object, but compresses as configuration does. */
function contentOf(type: ResourceType, index: number, bytes: number): string {
  const line = `setting-${String(index)}=value-${String(index * 7919)}\n`;
  const text = line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
  return type.resource === 'secrets' ? Buffer.from(text).toString('base64') : text;
}
