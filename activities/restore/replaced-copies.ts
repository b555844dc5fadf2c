import { itemOf, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import { policyOf } from '../../domain/restore/existing-decision.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Applied } from './existing-context.ts';
import type { ReplacedObjects } from './replaced-objects.ts';

/** An object of the backup, and what its copies are looked for with. */
interface Target {
  readonly type: ResourceType;
  readonly wanted: KubernetesObject;
  readonly context: {
    readonly spec: RestoreSpec;
    readonly cluster: Pick<Cluster, 'read'>;
    readonly replaced: ReplacedObjects;
  };
}

/** Where the objects are kept that this restore deleted, or was to delete, to make one of their name anew. */
export async function copiesOf({ type, wanted, context }: Target): Promise<readonly string[]> {
  const { spec, replaced } = context;
  return policyOf(spec) === 'recreate' ? replaced.keysOf(itemOf(type, wanted)) : [];
}

/** Says where the object is kept that was deleted to be made anew, or was to be. */
export async function nameCopies(applied: Applied, target: Target): Promise<Applied> {
  const copies = await findCopies(target);
  return copies === undefined
    ? applied
    : { ...applied, reason: `${applied.reason ?? ''}; ${copies.words}` };
}

/**
 * The outcome of an item at which the attempt ends, where this or an earlier one may have deleted the object: there may
 * be no other attempt. Throws what ends the attempt where the object is there.
 */
export async function endedItem(error: unknown, target: Target): Promise<Applied> {
  const copies = await findCopies(target).catch(() => undefined);
  if (copies?.mayBeLost !== true || !(error instanceof Error)) {
    throw error;
  }
  const reason = `the restore ended while it was made anew; ${copies.words}`;
  return { verb: 'failed', reason, ending: error };
}

interface Copies {
  readonly words: string;
  /** Whether there may be no object in the cluster, or not for long. */
  readonly mayBeLost: boolean;
}

/** A copy is saved before its object is deleted, which the cluster may refuse; so the cluster tells what was. */
async function findCopies({ type, wanted, context }: Target): Promise<Copies | undefined> {
  const keys = await copiesOf({ type, wanted, context });
  if (keys.length === 0) {
    return undefined;
  }
  const { cluster, replaced } = context;
  const item = itemOf(type, wanted);
  let live: KubernetesObject | undefined;
  try {
    live = await cluster.read(type, item);
  } catch {
    return { words: `what was there is kept as ${keys.join(', ')}`, mayBeLost: true };
  }
  const isThere = live !== undefined && live.metadata.deletionTimestamp === undefined;
  const keyOfLive = replaced.keyOf(item, live?.metadata.uid);
  const deleted = keys.filter((key) => !isThere || key !== keyOfLive);
  const words =
    deleted.length > 0
      ? `what was deleted is kept as ${deleted.join(', ')}`
      : `it is not deleted, and a copy is kept as ${keys.join(', ')}`;
  return { words, mayBeLost: !isThere };
}
