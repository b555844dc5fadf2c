import type { FailureReport } from '../failure.ts';
import { Failure } from '../failure.ts';
import { fields } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { applyJsonPatch } from '../restore/modifiers/json-patch.ts';
import { actionText } from './plugin-action.ts';
import type { CallOutcome, ItemOutcome } from './plugin-call.ts';
import { answerFailure } from './read-answer.ts';

/** What one action said of an object. */
export interface ActionOutcome extends Pick<CallOutcome, 'plugin' | 'action' | 'onError'> {
  readonly outcome: ItemOutcome;
}

/** What becomes of an object after all actions: it is left out, or it is taken, maybe changed. */
export type AfterActions =
  | { readonly kind: 'left-out'; readonly reason: 'plugin-skip' | 'plugin-failed' }
  | { readonly kind: 'taken'; readonly object: KubernetesObject };

/**
 * Does to an object what actions said of it, in their order. The object is not changed. A patch that does not apply, or
 * would make another object of it, is told; failures that the call had are told elsewhere.
 */
export function applyOutcomes(
  object: KubernetesObject,
  outcomes: readonly ActionOutcome[],
  tell: (failure: FailureReport, onError: CallOutcome['onError']) => void,
): AfterActions {
  let taken = object;
  for (const action of outcomes) {
    const { outcome, onError } = action;
    if (outcome.skip !== undefined) {
      return { kind: 'left-out', reason: 'plugin-skip' };
    }
    const patched = outcome.failure === undefined ? patchedBy(taken, action) : outcome.failure;
    if ('metadata' in patched) {
      taken = patched;
      continue;
    }
    if (outcome.failure === undefined) {
      tell(patched, onError);
    }
    if (onError === 'Fail') {
      return { kind: 'left-out', reason: 'plugin-failed' };
    }
  }
  return { kind: 'taken', object: taken };
}

/** Which action leaves an object out, and why. */
export function skipText(outcomes: readonly ActionOutcome[]): string {
  const said = outcomes.find(({ outcome }) => outcome.skip !== undefined);
  const by = said === undefined ? 'a plugin' : actionText(said);
  const why = said?.outcome.skip ?? '';
  return `${by}, leaves it out${why === '' ? '' : `: ${why}`}`;
}

function patchedBy(
  object: KubernetesObject,
  { outcome, ...call }: ActionOutcome,
): KubernetesObject | FailureReport {
  const { patch, item } = outcome;
  if (patch === undefined) {
    return object;
  }
  const wrong = (text: string): FailureReport =>
    answerFailure(call, { pointer: '/patch', text }, item);
  try {
    const patched = applyJsonPatch(object, patch);
    if (patched === undefined) {
      return wrong('does not apply, since one of its tests does not hold');
    }
    const changed = changedIdentity(object, patched);
    // What has the same identity has metadata.
    return changed === undefined
      ? (patched as KubernetesObject)
      : wrong(`changes ${changed}, and with it the item`);
  } catch (error) {
    if (error instanceof Failure) {
      return wrong(`does not apply: ${error.message}`);
    }
    throw error;
  }
}

const IDENTITY = ['apiVersion', 'kind'] as const;
const NAMES = ['name', 'namespace', 'uid'] as const;

/** The field that makes another item of it; undefined when it is the same. */
function changedIdentity(object: KubernetesObject, patched: unknown): string | undefined {
  const after = fields(patched);
  const field = IDENTITY.find((one) => object[one] !== after[one]);
  if (field !== undefined) {
    return field;
  }
  const metadata = fields(after['metadata']);
  const name = NAMES.find((one) => object.metadata[one] !== metadata[one]);
  return name === undefined ? undefined : `metadata.${name}`;
}
