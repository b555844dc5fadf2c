import { fields } from '../domain/fields.ts';
import type { ResourceType } from '../domain/item.ts';
import type { SecretReader } from '../storage/object-store/secret-credentials.ts';
import type { Cluster } from './kubernetes/port.ts';

export const SECRET: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'secrets',
  kind: 'Secret',
  isNamespaced: true,
};

/** Reads Secrets of Holdfast's own namespace; throws what the cluster throws. */
export function secretReader(cluster: Pick<Cluster, 'read'>, namespace: string): SecretReader {
  return async (name) => {
    const secret = await cluster.read(SECRET, { ...SECRET, namespace, name });
    if (secret === undefined) {
      return undefined;
    }
    const values = Object.entries(fields(secret['data'] ?? {})).map(([key, value]) => [
      key,
      Buffer.from(typeof value === 'string' ? value : '', 'base64'),
    ]);
    return Object.fromEntries(values) as Record<string, Uint8Array>;
  };
}
