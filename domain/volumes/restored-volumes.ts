import type { IndexItem } from '../backup-index.ts';
import { groupResource } from '../item.ts';
import type { RestoreSpec } from '../restore.ts';
import { mappedNamespace } from '../restore.ts';
import { CLAIMS } from '../selection/related-items.ts';
import type { CopyRecord } from './copy-record.ts';
import type { PlannedVolume } from './volume-plan.ts';

/** A volume whose data a restore writes: its place in the cluster, and the copy that it comes from. */
export interface RestoredVolume extends PlannedVolume {
  readonly record: CopyRecord;
}

/** A volume of the backup whose data a restore does not write. */
export interface LeftVolume {
  /** `shop/data` in the cluster; of a claim this is namespace and name. */
  readonly name: string;
  /** Whether it could not be made in time, and not that it was there before. */
  readonly isFailed: boolean;
  /** Whether it was there, without its data, and could not be given it now. */
  readonly isBusy?: true;
}

/** What the copies of a backup mean to the items of a restore. */
export interface CopiedVolumes {
  /** Persistent volumes whose data is in copies, so that their claims get new ones. */
  readonly persistentVolumes: readonly string[];
  /** Pods of the backup, `shop/web`, to the names of their own volumes with data. */
  readonly gates: Readonly<Record<string, readonly string[]>>;
  /** Claims of the backup with data, `shop/data`. */
  readonly claims: readonly string[];
}

/** Whether data of the backup belongs to an item of it: to a claim, or to a pod with volumes of its own. */
export function mayHaveData(
  item: Pick<IndexItem, 'group' | 'resource' | 'namespace' | 'name'>,
  {
    claims,
    gates,
  }: { readonly claims: ReadonlySet<string>; readonly gates: CopiedVolumes['gates'] },
): boolean {
  const type = groupResource(item);
  const name = `${item.namespace}/${item.name}`;
  return (type === CLAIMS && claims.has(name)) || (type === 'pods' && Object.hasOwn(gates, name));
}

export function copiedVolumes(records: readonly CopyRecord[]): CopiedVolumes {
  const gates = new Map<string, string[]>();
  for (const { namespace, claim, pod, volume } of records) {
    if (claim === undefined && pod !== undefined && volume !== undefined) {
      const key = `${namespace}/${pod}`;
      gates.set(key, [...(gates.get(key) ?? []), volume]);
    }
  }
  return {
    persistentVolumes: records.flatMap(({ persistentVolume }) => persistentVolume ?? []),
    gates: Object.fromEntries(gates),
    claims: records.flatMap(({ namespace, claim }) =>
      claim === undefined ? [] : [`${namespace}/${claim}`],
    ),
  };
}

/** A copy as a volume of the cluster that is restored into. */
export function restoredVolume(
  record: CopyRecord,
  { index, spec }: { readonly index: number; readonly spec: RestoreSpec },
): RestoredVolume {
  const { source, claim, pod, volume } = record;
  const namespace = mappedNamespace(spec, record.namespace);
  const place =
    claim === undefined
      ? { ...(pod === undefined ? {} : { pod }), ...(volume === undefined ? {} : { volume }) }
      : { claim };
  return { index, namespace, source, ...place, record };
}
