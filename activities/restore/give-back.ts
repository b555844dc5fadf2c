import { Failure } from '../../domain/failure.ts';
import type { Fields } from '../../domain/fields.ts';
import {
  itemOf,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import {
  hasFieldsOfCreation,
  hasMark,
  markOf,
  RESTORE_MARK,
} from '../../domain/restore/clean-object.ts';
import type { WantedObject } from '../../domain/restore/wanted-object.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Applied } from './existing-context.ts';
import { failureReason } from './refusal-reason.ts';

/** Failures of one request, after which the object is there all the same. */
const TOLD_CODES: ReadonlySet<string> = new Set([
  ...['cluster-rejected', 'cluster-forbidden', 'cluster-failed', 'precondition-failed'],
]);

/** What the mark of an object says while it lacks its status, by what was done to it. */
const LACKING = { created: 'creating', recreated: 'recreating' } as const;
/** How often an object may change between a look at it and what it is given. */
const ROUNDS_MAX = 5;

export interface MadeObject {
  /** What became of the object so far, by this attempt or an earlier one. */
  readonly made: Applied;
  readonly runUid: string;
  readonly cluster: Pick<Cluster, 'read' | 'patch'>;
}

/**
 * Gives an object that was created what no creation takes: its status and its managed fields, as far as they are wanted
 * and it lacks them. The live object tells what it lacks, since another attempt may have given it already, and
 * controllers have changed it by then. Says what could not be given back, which costs the object nothing else. An
 * object that is gone is none of its business. Throws what concerns every object.
 */
export async function giveBack(
  type: ResourceType,
  wanted: WantedObject,
  { made, runUid, cluster }: MadeObject,
): Promise<Applied> {
  const { verb } = made;
  if (verb !== 'created' && verb !== 'recreated') {
    return made;
  }
  const { object, status, managedFields } = wanted;
  const target = { type, item: itemOf(type, object), cluster };
  const faults: string[] = [];
  const attempt = async (what: string, give: () => Promise<void>): Promise<boolean> => {
    const fault = await faultOf({ type, object }, give);
    faults.push(...(fault === undefined ? [] : [`its ${what} could not be restored: ${fault}`]));
    return fault === undefined;
  };
  const lacksStatus: Lacks = (live) => hasMark(type, live, { runUid, verb: LACKING[verb] });
  if (
    status !== undefined &&
    (await attempt('status', () => giveStatus(target, status, lacksStatus)))
  ) {
    const annotations = { [RESTORE_MARK]: markOf(type, object, { runUid, verb }) };
    // A refusal costs the object nothing: another attempt of the restore gives it the status once more.
    await faultOf({ type, object }, () => giveFields(target, { annotations }, lacksStatus));
  }
  if (managedFields !== undefined) {
    const lacks: Lacks = (live) => hasFieldsOfCreation(live, managedFields);
    await attempt('managed fields', () => giveFields(target, { managedFields }, lacks));
  }
  return faults.length === 0 ? made : { ...made, reason: faults.join('; '), isIncomplete: true };
}

/** Whether an object lacks what it is to be given. */
type Lacks = (live: KubernetesObject) => boolean;

interface Target {
  readonly type: ResourceType;
  readonly item: ItemReference;
  readonly cluster: Pick<Cluster, 'read' | 'patch'>;
}

/** What the cluster has against a request that may fail. */
async function faultOf(
  { type, object }: { readonly type: ResourceType; readonly object: KubernetesObject },
  give: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await give();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure) || !TOLD_CODES.has(error.code)) {
      throw error;
    }
    return failureReason({ type, objects: [object] }, error);
  }
}

function giveStatus(target: Target, status: unknown, lacks: Lacks): Promise<void> {
  const { type, item, cluster } = target;
  return giveWhere(target, lacks, async (metadata) => {
    const merge = { metadata, status };
    // Where a type of a definition has no subresource for it, the status is a field as any other.
    return (
      (await cluster.patch(type, item, { merge, subresource: 'status' })) ??
      cluster.patch(type, item, { merge })
    );
  });
}

/** Gives fields of the metadata. */
function giveFields(target: Target, given: Fields, lacks: Lacks): Promise<void> {
  const { type, item, cluster } = target;
  return giveWhere(target, lacks, (metadata) =>
    cluster.patch(type, item, { merge: { metadata: { ...metadata, ...given } } }),
  );
}

/** Gives an object what it lacks, if it is still as it was when it was looked at; else it is looked at once more. */
async function giveWhere(
  { type, item, cluster }: Target,
  lacks: Lacks,
  give: (metadata: Fields) => Promise<unknown>,
): Promise<void> {
  for (let round = 1; ; round++) {
    const live = await cluster.read(type, item);
    if (live === undefined || !lacks(live)) {
      return;
    }
    try {
      await give({ resourceVersion: live.metadata.resourceVersion });
      return;
    } catch (error) {
      const hasChanged = error instanceof Failure && error.code === 'precondition-failed';
      if (!hasChanged || round === ROUNDS_MAX) {
        throw error;
      }
    }
  }
}
