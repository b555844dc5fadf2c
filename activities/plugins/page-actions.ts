import { parseExact } from '../../domain/exact-number.ts';
import {
  apiVersionOf,
  groupResource,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import {
  type ActionOutcome,
  applyOutcomes,
  skipText,
} from '../../domain/plugins/apply-outcomes.ts';
import { actionsFor, notAsked, type RunAction } from '../../domain/plugins/plugin-action.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { ProblemList } from '../backup/problem-list.ts';
import type { OutcomesByKey, PluginAnswers } from './plugin-answers.ts';

/** What became of an object: it goes to the archive, or why it does not. */
export type ActedItem =
  | { readonly item: ArchiveItem }
  | { readonly reason: 'plugin-skip' | 'plugin-failed' | 'plugin-late'; readonly text?: string };

/** What actions said of the objects of one page. */
export interface PageActions {
  /** Does to an object what was said of it. */
  act(key: string, item: ArchiveItem): ActedItem;
}

/** Without plugins, every object is taken as it is. */
export const NO_ACTIONS: PageActions = { act: (_key, item) => ({ item }) };

/** Does to the objects of an export what plugins said of them, page by page. */
export class ExportActions {
  readonly #answers: PluginAnswers;
  readonly #actions: readonly RunAction[];
  readonly #problems: ProblemList;
  /** Items that came after an action was asked: by action and type. */
  readonly #late = new Map<
    string,
    { action: RunAction; type: string; first: string; count: number }
  >();

  constructor(answers: PluginAnswers, actions: readonly RunAction[], problems: ProblemList) {
    this.#answers = answers;
    this.#actions = actions;
    this.#problems = problems;
  }

  async ofPage(type: ResourceType, keys: readonly string[]): Promise<PageActions> {
    const said = await this.#answers.about(type, keys);
    return { act: (key, item) => this.#act(key, item, said) };
  }

  /** Tells of items that came after the plugins were asked. */
  tellLate(): void {
    for (const { action, type, first, count } of this.#late.values()) {
      this.#problems.warning(notAsked(action, type, { first, count }));
    }
  }

  #act(key: string, item: ArchiveItem, said: OutcomesByKey): ActedItem {
    const outcomes = said.get(key) ?? [];
    if (this.#isLate(key, item, outcomes)) {
      return { reason: 'plugin-late' };
    }
    if (outcomes.every(saysNothing)) {
      return { item };
    }
    if (item.isOtherVersion === true) {
      // Patches are for the preferred version; the same object as it was must not come by another way.
      return { reason: 'plugin-skip' };
    }
    const object = wholeObject(item);
    const after = applyOutcomes(object, outcomes, (failure, onError) => {
      if (onError === 'Fail') {
        this.#problems.error(failure);
      } else {
        this.#problems.warning(failure);
      }
    });
    if (after.kind === 'left-out') {
      const { reason } = after;
      return { reason, ...(reason === 'plugin-skip' ? { text: skipText(outcomes) } : {}) };
    }
    return { item: after.object === object ? item : { type: item.type, object: after.object } };
  }

  /** Notes which actions were not asked about an object; without the answer of one that must not fail it is left out. */
  #isLate(
    key: string,
    { type, object }: ArchiveItem,
    outcomes: readonly { plugin: string; action: string }[],
  ): boolean {
    let isLate = false;
    const { namespace = '', labels } = object.metadata;
    const { group, resource } = type;
    const seen = { group, resource, namespace, ...(labels === undefined ? {} : { labels }) };
    for (const action of actionsFor(this.#actions, seen)) {
      const isAsked = outcomes.some(
        (one) => one.plugin === action.plugin && one.action === action.action,
      );
      if (!isAsked) {
        const name = groupResource(type);
        const id = `${action.plugin}/${action.action} ${name}`;
        const late = this.#late.get(id) ?? { action, type: name, first: key, count: 0 };
        this.#late.set(id, late);
        late.count += 1;
        isLate ||= action.onError === 'Fail';
      }
    }
    return isLate;
  }
}

function saysNothing({ outcome: { skip, patch, failure } }: ActionOutcome): boolean {
  return skip === undefined && patch === undefined && failure === undefined;
}

/** The object with its version and kind, which the items of a list lack, and with its numbers as the server wrote them. */
function wholeObject({ type, object, json }: ArchiveItem): KubernetesObject {
  // It is the JSON of the object.
  const exact = json === undefined ? object : (parseExact(json) as KubernetesObject);
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...exact };
}
