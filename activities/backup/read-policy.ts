import type { ItemReference } from '../../domain/item.ts';
import { parseResourcePolicies, type ReadPolicies } from '../../domain/volumes/resource-policy.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { readYamlConfig } from '../yaml-config.ts';

const POINTER = '/spec/resourcePolicy';

/**
 * Reads Velero's resource policies from a ConfigMap, and tells all that is wrong with them. Throws a `Failure` when the
 * cluster cannot be asked; a right that is missing is among what is wrong. Changes nothing.
 */
export async function readResourcePolicies(
  cluster: Pick<Cluster, 'read'>,
  configMap: Pick<ItemReference, 'name' | 'namespace'>,
  signal: AbortSignal,
): Promise<ReadPolicies> {
  const parsed = await readYamlConfig(cluster, configMap, signal);
  if ('value' in parsed) {
    return parseResourcePolicies(parsed.value);
  }
  const { namespace, name } = configMap;
  const detail = `${POINTER} names the ConfigMap ${namespace}/${name}, which ${parsed.fault}`;
  return { errors: [{ pointer: POINTER, code: 'policy-not-usable', detail }] };
}
