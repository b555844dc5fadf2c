import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource, type KubernetesObject, type OwnerReference } from '../../domain/item.ts';
import { givesOwners } from '../../domain/restore/owner-references.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import { DEFINITION_TYPE } from '../../domain/restore/restore-selection.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import { resourceTimeoutMs, type RestoreVerb } from '../../domain/restore.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import type { ReadBody } from '../../storage/format/read-bodies.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { AppliedShard, AskedPlugins, RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import type { LongWork } from '../heartbeat.ts';
import { type ApplyContext, applyObject } from './apply-object.ts';
import { NO_RESTORE_ACTIONS } from '../plugins/restore-actions.ts';
import { readAdditions } from '../plugins/restore-additions.ts';
import { AwaitedItems } from './awaited-items.ts';
import { awaitDefinitions } from './gates.ts';
import { MadeJobs } from './made-jobs.ts';
import { ReplacedObjects } from './replaced-objects.ts';
import { readRestorePlan } from './restore-run.ts';
import { ServedTypes } from './served-types.ts';
import { marksOf, typeOf } from './shard-lines.ts';
import { gateOf, readFailedClaims } from './volume-rules.ts';

/** Objects that one activity holds at the same time; how many requests are under way is the cluster's to say. */
export const CREATES_IN_FLIGHT = 32;

/** What the objects of a restore are applied with. Throws `object-missing`. */
export async function applyContext(
  { cluster, store: storeOf, image }: Dependencies,
  run: RestoreRun & AskedPlugins,
  { signal, wait, attempt }: LongWork,
): Promise<ApplyContext> {
  const store = storeOf(run.location);
  const plan = await readRestorePlan(store, run);
  const { spec, rules, triedRuns, volumes } = plan;
  const parts = [plan, ...(await readAdditions(store, run, run.plugins ?? []))];
  const aggregated = parts.flatMap((part) => part.aggregated);
  return {
    ...{ cluster, spec, rules, signal, wait },
    marks: marksOf(run, spec),
    keptVolumes: new Set(parts.flatMap(({ keptVolumes }) => keptVolumes)),
    gate: gateOf(run, { ...{ spec, image }, ...volumes }),
    failedClaims:
      (volumes?.claims ?? []).length > 0 ? await readFailedClaims(store, run) : new Set(),
    resourceTimeoutMs: resourceTimeoutMs(spec),
    isLate: attempt > 1,
    isRetry: triedRuns !== undefined,
    replaced: new ReplacedObjects(store, run.name),
    madeJobs: new MadeJobs(store, run),
    served: new ServedTypes(cluster, signal, aggregated),
    failingTypes: new Set(),
    actions: NO_RESTORE_ACTIONS,
    awaited: new AwaitedItems(cluster, spec),
  };
}

/** The lines that are stored under the key of a shard's items. */
export async function readLines(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<IndexLine[]> {
  const lines: IndexLine[] = [];
  for await (const batch of readIndex(store, key, { signal })) {
    lines.push(...batch);
  }
  return lines;
}

interface AppliedBody {
  readonly outcome: AppliedItem;
  /** Another try may do better. */
  readonly isPassing: boolean;
  /** See `ItemFailure`. */
  readonly isAway: boolean;
  /** See `Applied`. To be thrown when the outcome is noted. */
  readonly ending: Error | undefined;
}

/** Applies one object. */
export async function applyBody(
  { line, object }: ReadBody,
  context: ApplyContext,
): Promise<AppliedBody> {
  const { version, kind } = line;
  const after = context.actions(line, object);
  if (after.kind === 'left-out') {
    const { verb, reason } = after;
    const outcome = { ...targetItem(line, context.spec), version, kind, verb, reason };
    return { outcome, isPassing: false, isAway: false, ending: undefined };
  }
  const unready = await context.awaited.firstUnready(after.awaited ?? []);
  if (unready !== undefined) {
    const outcome = {
      ...{ ...targetItem(line, context.spec), version, kind },
      ...{ verb: 'failed' as const, reason: `timed-out: ${unready}` },
    };
    return { outcome, isPassing: true, isAway: false, ending: undefined };
  }
  const owners = ownersOf(after.object);
  const {
    isPassing = false,
    isAway = false,
    ending,
    ...done
  } = await applyObject(typeOf(line), after.object, context);
  const applied = { ...(after.reason === undefined ? {} : { reason: after.reason }), ...done };
  const outcome = {
    ...targetItem(line, context.spec),
    ...{ version, kind, ...applied },
    ...(mayGetOwners(applied.verb, context) && owners.length > 0 ? { owners } : {}),
  };
  return { outcome, isPassing, isAway, ending };
}

/** How many items may get owners, how many are pods with hooks, and how many have failed. */
export function dueOf(
  outcomes: readonly AppliedItem[],
): Pick<AppliedShard, 'owned' | 'hooked' | 'failed'> {
  const hooked = outcomes.filter(({ hasHooks }) => hasHooks === true).length;
  const failed = outcomes.filter(
    ({ verb, isPutAside }) => verb === 'failed' && isPutAside !== true,
  );
  return {
    owned: outcomes.filter(({ owners }) => owners !== undefined).length,
    ...(hooked === 0 ? {} : { hooked }),
    ...(failed.length === 0 ? {} : { failed: failed.length }),
  };
}

/** Also an object that the restore has found may get owners, where one that it tries again may have written it. */
function mayGetOwners(verb: RestoreVerb, { spec, isRetry }: ApplyContext): boolean {
  return givesOwners(verb, spec) || (isRetry && verb !== 'failed');
}

/** The owners that an object has in the backup. */
function ownersOf({ metadata }: KubernetesObject): OwnerReference[] {
  return (metadata.ownerReferences ?? []).map(
    ({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }) => ({
      ...{ apiVersion, kind, name, uid },
      ...(controller === undefined ? {} : { controller }),
      ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }),
    }),
  );
}

/**
 * Gives the outcomes when the definitions among them are established: one that is not in time is a failed item, and no
 * reason to keep the others waiting.
 */
export async function requireDefinitions(
  { cluster, resourceTimeoutMs: waitMs }: ApplyContext,
  { signal, wait }: LongWork,
  outcomes: readonly AppliedItem[],
): Promise<AppliedItem[]> {
  const present = outcomes.filter(
    (outcome) => groupResource(outcome) === DEFINITION_TYPE && outcome.verb !== 'failed',
  );
  const waiting = await awaitDefinitions(
    cluster,
    present.map(({ name }) => name),
    { waitMs, signal, wait },
  );
  const judged = new Set(present);
  return outcomes.map((outcome) => {
    const reason = judged.has(outcome) ? waiting.get(outcome.name) : undefined;
    return reason === undefined
      ? outcome
      : { ...outcome, verb: 'failed', reason: `timed-out: ${reason}` };
  });
}
