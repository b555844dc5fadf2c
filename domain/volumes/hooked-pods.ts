import { backupHooksOf } from '../hooks/backup-hooks.ts';
import type { BackupHooks } from '../hooks/hook-spec.ts';
import type { KubernetesObject } from '../item.ts';
import { BATCH_VOLUMES_MAX, type HookedPod, type PlannedVolume } from './volume-plan.ts';

/** Volumes that are copied together, and the pods among them that have hooks. */
export interface HookedBatch {
  readonly volumes: readonly PlannedVolume[];
  readonly pods: readonly HookedPod[];
}

/**
 * Cuts the volumes of a backup into batches. The volumes of a pod with hooks are in one batch, as its hooks are run once;
 * such pods come first, whether they have volumes or not.
 */
export function hookedBatches(
  volumes: readonly PlannedVolume[],
  pods: readonly Omit<HookedPod, 'volumes'>[],
): HookedBatch[] {
  const hooked = pods.map((one) => ({
    ...one,
    own: volumes.filter((volume) => isOf(volume, one)),
  }));
  const taken = new Set(hooked.flatMap(({ own }) => own));
  const batches: { volumes: PlannedVolume[]; pods: HookedPod[] }[] = [];
  const room = (size: number): { volumes: PlannedVolume[]; pods: HookedPod[] } => {
    const last = batches.at(-1);
    const isFull =
      last === undefined ||
      last.pods.length >= BATCH_VOLUMES_MAX ||
      (last.volumes.length > 0 && last.volumes.length + size > BATCH_VOLUMES_MAX);
    const batch = isFull ? { volumes: [], pods: [] } : last;
    if (isFull) {
      batches.push(batch);
    }
    return batch;
  };
  for (const { own, ...pod } of hooked) {
    const batch = room(own.length);
    batch.volumes.push(...own);
    batch.pods.push({ ...pod, volumes: own.map(({ index }) => index) });
  }
  for (const volume of volumes.filter((one) => !taken.has(one))) {
    room(1).volumes.push(volume);
  }
  return batches;
}

function isOf({ namespace, pod }: PlannedVolume, hooked: Omit<HookedPod, 'volumes'>): boolean {
  return namespace === hooked.pod.namespace && pod === hooked.pod.name;
}

/** The pods with hooks among those that the listings give. */
export class HookedPods {
  readonly #hooks: BackupHooks | undefined;
  readonly #pods = new Map<string, { readonly pod: Omit<HookedPod, 'volumes'>; isKept: boolean }>();

  constructor(hooks: BackupHooks | undefined) {
    this.#hooks = hooks;
  }

  see(object: KubernetesObject, isKept: boolean): void {
    const { namespace = '', name, uid = '' } = object.metadata;
    const hooks = backupHooksOf(object, this.#hooks);
    const known = this.#pods.get(uid);
    if (known !== undefined) {
      known.isKept ||= isKept;
    } else if (hooks.pre.length + hooks.post.length > 0) {
      this.#pods.set(uid, { pod: { pod: { namespace, name, uid }, ...hooks }, isKept });
    }
  }

  /** Those that are in the backup, or have volumes that are copied. */
  all(volumes: readonly PlannedVolume[]): Omit<HookedPod, 'volumes'>[] {
    const copied = new Set(volumes.map(({ namespace, pod }) => `${namespace}/${pod ?? ''}`));
    return [...this.#pods.values()]
      .filter(({ pod: { pod }, isKept }) => isKept || copied.has(`${pod.namespace}/${pod.name}`))
      .map(({ pod }) => pod);
  }
}
