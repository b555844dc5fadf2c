import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource, type ItemReference, type KubernetesObject } from '../../domain/item.ts';
import {
  type ActionOutcome,
  applyOutcomes,
  skipText,
} from '../../domain/plugins/apply-outcomes.ts';
import { itemKey } from '../../domain/plugins/call-index.ts';
import { actionText } from '../../domain/plugins/plugin-action.ts';
import type { RestoreRun } from '../contract.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { PluginRound } from '../plugin-run-contract.ts';
import { PluginAnswers } from './plugin-answers.ts';

/** What plugins make of an object of a restore. */
type Restored =
  | { readonly kind: 'left-out'; readonly verb: 'skipped' | 'failed'; readonly reason: string }
  | {
      readonly kind: 'taken';
      readonly object: KubernetesObject;
      readonly reason?: string;
      /** What has to be there, and ready, before the object is applied; left out where nothing has. */
      readonly awaited?: readonly AwaitedBy[];
    };

/** Items of the backup that an action lets another one wait for. */
export interface AwaitedBy {
  /** The action. */
  readonly who: string;
  readonly items: readonly ItemReference[];
}

/** What plugins said of the items that an activity applies. */
export type RestoreActions = (line: IndexLine, object: KubernetesObject) => Restored;

/** Without plugins, every object is restored as it is. */
export const NO_RESTORE_ACTIONS: RestoreActions = (_line, object) => ({ kind: 'taken', object });

/** Reads what plugins said of some items. */
export async function readRestoreActions(
  store: ObjectStore,
  { run, rounds }: { readonly run: RestoreRun; readonly rounds: readonly PluginRound[] },
  lines: readonly IndexLine[],
): Promise<RestoreActions> {
  if (rounds.length === 0) {
    return NO_RESTORE_ACTIONS;
  }
  const answers = await PluginAnswers.open({ store, rounds, run: { ...run, kind: 'Restore' } });
  const byType = new Map<string, IndexLine[]>();
  for (const line of lines) {
    const type = groupResource(line);
    byType.set(type, [...(byType.get(type) ?? []), line]);
  }
  const said = new Map<string, readonly ActionOutcome[]>();
  for (const [type, ofType] of byType) {
    const [first] = ofType;
    const found = first && (await answers.about(first, ofType.map(itemKey)));
    for (const [key, outcomes] of found ?? []) {
      said.set(`${type} ${key}`, outcomes);
    }
  }
  return (line, object) =>
    restored(object, said.get(`${groupResource(line)} ${itemKey(line)}`) ?? []);
}

function restored(object: KubernetesObject, outcomes: readonly ActionOutcome[]): Restored {
  const told: string[] = [];
  const after = applyOutcomes(object, outcomes, ({ code, message }) => {
    told.push(`${code}: ${message}`);
  });
  if (after.kind === 'taken') {
    const [reason] = told;
    const awaited = outcomes.flatMap(awaitedBy);
    return {
      ...after,
      ...(reason === undefined ? {} : { reason }),
      ...(awaited.length === 0 ? {} : { awaited }),
    };
  }
  return after.reason === 'plugin-skip'
    ? { kind: 'left-out', verb: 'skipped', reason: skipText(outcomes) }
    : { kind: 'left-out', verb: 'failed', reason: failureText(outcomes) ?? told.at(-1) ?? '' };
}

function awaitedBy({ outcome, ...call }: ActionOutcome): AwaitedBy[] {
  const { additionalItems: items = [], waitForAdditionalItems = false } = outcome;
  return waitForAdditionalItems && items.length > 0 ? [{ who: actionText(call), items }] : [];
}

/** Why the first action failed that must not. */
function failureText(outcomes: readonly ActionOutcome[]): string | undefined {
  const failed = outcomes.find(
    ({ onError, outcome }) => onError === 'Fail' && outcome.failure !== undefined,
  );
  const failure = failed?.outcome.failure;
  return failure && `${failure.code}: ${failure.message}`;
}
