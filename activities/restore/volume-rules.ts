import { copyOf } from '../../domain/exact-number.ts';
import { addInitContainers, initHooksOf } from '../../domain/hooks/init-hooks.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import { failedClaimsKey, restoreFolder } from '../../domain/object-key.ts';
import { DATA_MARK, dataMark } from '../../domain/restore/data-mark.ts';
import { addGate } from '../../domain/restore/pod-gate.ts';
import { mappedNamespace, type RestoreSpec } from '../../domain/restore.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import type { CopiedVolumes } from '../../domain/volumes/restored-volumes.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RestoreRun } from '../contract.ts';

/**
 * Gives an object as it is created: a pod with the init containers of its hooks, and before them, if its own volumes get
 * data, with a gate that holds it until then; and a claim that gets data with a mark that says so until it has it.
 */
export type Gate = (type: ResourceType, object: KubernetesObject) => KubernetesObject;

interface Gated extends Partial<Pick<CopiedVolumes, 'gates' | 'claims'>> {
  readonly spec: RestoreSpec;
  readonly image: string | undefined;
}

export function gateOf(run: RestoreRun, { spec, image, gates = {}, claims = [] }: Gated): Gate {
  const target = (name: string): string => {
    const [namespace = '', own = ''] = name.split('/');
    return `${mappedNamespace(spec, namespace)}/${own}`;
  };
  const volumesOf = new Map(Object.entries(gates).map(([pod, names]) => [target(pod), names]));
  const copied = new Set(claims.map(target));
  const heldPod = (pod: KubernetesObject, volumes: readonly string[] | undefined) => {
    const { containers } = initHooksOf(pod, spec.hooks);
    const isGated = volumes !== undefined && image !== undefined;
    if (containers.length === 0 && !isGated) {
      return pod;
    }
    const held = copyOf(pod);
    addInitContainers(held, containers);
    if (isGated) {
      // Hooks may look at the data that the gate waits for.
      addGate(held, volumes, image);
    }
    return held;
  };
  return (type, object) => {
    const { namespace = '', name } = object.metadata;
    const item = `${namespace}/${name}`;
    if (groupResource(type) === CLAIMS) {
      return markedClaim(object, copied.has(item) ? dataMark(run) : undefined);
    }
    return groupResource(type) === 'pods' ? heldPod(object, volumesOf.get(item)) : object;
  };
}

/** A claim with the mark of this restore, and without that of an earlier one, which a backup may hold. */
function markedClaim(object: KubernetesObject, mark: string | undefined): KubernetesObject {
  const { [DATA_MARK]: earlier, ...own } = object.metadata.annotations ?? {};
  if (mark === undefined && earlier === undefined) {
    return object;
  }
  const annotations = { ...own, ...(mark === undefined ? {} : { [DATA_MARK]: mark }) };
  return { ...object, metadata: { ...object.metadata, annotations } };
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
