import { copyOf } from '../../domain/exact-number.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import { failedClaimsKey, restoreFolder } from '../../domain/object-key.ts';
import { addGate } from '../../domain/restore/pod-gate.ts';
import { mappedNamespace, type RestoreSpec } from '../../domain/restore.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RestoreRun } from '../contract.ts';

/** Gives an object as it is created: a pod whose own volumes get data with a gate that holds it until then. */
export type Gate = (type: ResourceType, object: KubernetesObject) => KubernetesObject;

interface Gated {
  /** See `CopiedVolumes`. */
  readonly gates: Readonly<Record<string, readonly string[]>> | undefined;
  readonly image: string | undefined;
}

export function gateOf(spec: RestoreSpec, { gates = {}, image }: Gated): Gate {
  const byTarget = new Map(
    Object.entries(gates).map(([pod, volumes]) => {
      const [namespace = '', name = ''] = pod.split('/');
      return [`${mappedNamespace(spec, namespace)}/${name}`, volumes];
    }),
  );
  return (type, object) => {
    const { namespace = '', name } = object.metadata;
    const volumes = byTarget.get(`${namespace}/${name}`);
    if (groupResource(type) !== 'pods' || volumes === undefined || image === undefined) {
      return object;
    }
    const gated = copyOf(object);
    addGate(gated, volumes, image);
    return gated;
  };
}

/** Claims of the cluster, `shop/data`, whose data could not be written. */
export async function readFailedClaims(
  store: ObjectStore,
  { name, runUid }: RestoreRun,
): Promise<ReadonlySet<string>> {
  const key = failedClaimsKey(restoreFolder(name), runUid);
  if ((await store.head(key)) === undefined) {
    return new Set();
  }
  // The object under this key was written by `recordRestoredVolumes` of the same run.
  return new Set((await readJsonGz(store, key)) as readonly string[]);
}
