import type { Fields } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import type { ExistingResourcePolicy, RestoreSpec, RestoreVerb } from '../restore.ts';
import { hasMark } from './clean-object.ts';
import { accountPatch, updatePatch } from './merge-patch.ts';
import { comparableObject } from './same-object.ts';
import type { RuleContext } from './type-rules.ts';

/** An object of the backup whose name is taken. */
export interface Existing {
  readonly type: ResourceType;
  readonly live: KubernetesObject;
  readonly wanted: KubernetesObject;
}

/** What becomes of an object that is there: nothing more, or a change that the cluster is asked for. */
export type ExistingDecision = Done | { readonly kind: 'change'; readonly patch: Fields };

interface Done {
  readonly kind: 'done';
  readonly verb: RestoreVerb;
  readonly reason?: string;
  /** What another policy would ask for. Where the server would make nothing of it, the object is unchanged. */
  readonly unasked?: Fields;
}

export interface ExistingRules extends RuleContext {
  readonly runUid: string;
}

/** What this run's mark on an object tells an attempt that comes later. */
const MARKED_VERBS = {
  created: 'created',
  creating: 'created',
  recreated: 'recreated',
  recreating: 'recreated',
  updated: 'updated',
} as const;
const MARK_WORDS = Object.keys(MARKED_VERBS) as readonly (keyof typeof MARKED_VERBS)[];

export const UNCHANGED = {
  ...{ kind: 'done', verb: 'unchanged', reason: 'it is there already' },
} as const satisfies ExistingDecision;

/** Decides what becomes of an object that is there already, by the restore's policy. */
export function decideExisting(
  { type, live, wanted }: Existing,
  rules: ExistingRules,
): ExistingDecision {
  const { runUid, spec } = rules;
  const verb = markedVerb(type, live, runUid);
  if (verb !== undefined) {
    return { kind: 'done', verb };
  }
  if (hasMark(type, live, { runUid, verb: 'skipped' })) {
    const reason = 'it differs, and could not be changed by an earlier attempt of the restore';
    return { kind: 'done', verb: 'skipped', reason };
  }
  if (groupResource(type) === 'serviceaccounts') {
    return changeBy(accountPatch(live, wanted));
  }
  const patch = updatePatch(comparableObject(type, live, rules), wanted);
  if (patch === undefined || policyOf(spec) !== 'none') {
    return changeBy(patch);
  }
  const reason = 'another object of this name is there, and is left alone';
  return { kind: 'done', verb: 'skipped', reason, unasked: patch };
}

/** What becomes of an object that is there and differs. */
export function policyOf({ existingResourcePolicy = 'none' }: RestoreSpec): ExistingResourcePolicy {
  return existingResourcePolicy;
}

/** Whether an earlier attempt of this run has written an object. */
export function isMarked(type: ResourceType, live: KubernetesObject, runUid: string): boolean {
  return markedVerb(type, live, runUid) !== undefined;
}

/** Whether one of some runs has written an object. */
export function isMarkedByAny(
  type: ResourceType,
  live: KubernetesObject,
  runUids: readonly string[] = [],
): boolean {
  return runUids.some((runUid) => isMarked(type, live, runUid));
}

function markedVerb(
  type: ResourceType,
  live: KubernetesObject,
  runUid: string,
): RestoreVerb | undefined {
  const word = MARK_WORDS.find((verb) => hasMark(type, live, { runUid, verb }));
  return word && MARKED_VERBS[word];
}

function changeBy(patch: Fields | undefined): ExistingDecision {
  return patch === undefined ? UNCHANGED : { kind: 'change', patch };
}
