import type { CoverageReason } from '../../domain/coverage.ts';
import { groupResource, type ListedObject, type ResourceType } from '../../domain/item.ts';
import { NoteTaker } from '../../domain/backup-notes.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import { whyNotTaken } from '../../domain/keep-object.ts';
import { actionText } from '../../domain/plugins/plugin-action.ts';
import { itemKey } from '../../domain/plugins/call-index.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { archiveItem, keepContext } from '../backup/export-pages.ts';
import type { ProblemList } from '../backup/problem-list.ts';
import { relatedPages } from '../backup/related-pages.ts';
import { unitPages } from '../backup/unit-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PlanPluginCallsInput } from '../plugin-run-contract.ts';
import { type AnswerSource, allAnswers, PluginAnswers } from './plugin-answers.ts';

/** Items that actions added: by the name of the type and the key of the item, who asked for it. */
export type AddedItems = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What the answers of some rounds add. */
export async function addedItems(source: AnswerSource): Promise<AddedItems> {
  const added = new Map<string, Map<string, string>>();
  for await (const { items, ...call } of allAnswers(source)) {
    for (const item of items.flatMap(({ additionalItems = [] }) => additionalItems)) {
      const type = groupResource(item);
      const ofType = added.get(type) ?? new Map<string, string>();
      added.set(type, ofType);
      ofType.set(itemKey(item), actionText(call));
    }
  }
  return added;
}

interface Asked {
  readonly run: PlanPluginCallsInput;
  readonly plan: ExportPlan;
  /** Types that could not be read. */
  readonly problems: ProblemList;
}

/**
 * The items that the last round added, and what these refer to, as far as no action was asked about them; who asked for one
 * in vain is told later.
 */
export async function* addedPages(
  { cluster, store }: Pick<Dependencies, 'cluster' | 'store'>,
  { run, plan, problems }: Asked,
  signal: AbortSignal,
): AsyncGenerator<readonly ArchiveItem[]> {
  const source = { store: store(run.location), run, rounds: run.rounds };
  const added = await addedItems({ ...source, rounds: run.rounds.slice(-1) });
  if (added.size === 0) {
    return;
  }
  const answers = await PluginAnswers.open(source);
  const { selection } = plan;
  const context = keepContext(selection);
  const notes = new NoteTaker(selection.related.map(({ name }) => name));
  const { types } = await cluster.discover();
  for (const type of types.filter((one) => added.has(groupResource(one)))) {
    const keys = [...(added.get(groupResource(type))?.keys() ?? [])];
    const asked = await answers.about(type, keys);
    const fresh = keys.filter((key) => !asked.has(key));
    for await (const page of namedPages({ cluster, type, signal }, fresh, problems)) {
      const taken = page.filter(({ object }) => whyNotTaken(type, object, context) === undefined);
      taken.forEach(({ object }) => {
        notes.related.see(type, object);
      });
      yield taken.map((listed) => archiveItem(type, listed));
    }
  }
  const related = { selection, signal, isMixedAllowed: true, problems, notes };
  for await (const page of relatedPages(cluster, related)) {
    yield await unasked(page, answers);
  }
}

/** What of a page of one type no action was asked about. */
async function unasked(
  page: readonly ArchiveItem[],
  answers: PluginAnswers,
): Promise<readonly ArchiveItem[]> {
  const [first] = page;
  if (first === undefined) {
    return page;
  }
  const keyIn = ({ object: { metadata } }: ArchiveItem): string =>
    itemKey({ namespace: '', ...metadata });
  const asked = await answers.about(first.type, page.map(keyIn));
  return page.filter((item) => !asked.has(keyIn(item)));
}

interface Named {
  readonly cluster: Dependencies['cluster'];
  readonly type: ResourceType;
  readonly signal: AbortSignal;
  /** Is told of a failure of the type alone. */
  readonly onUnread?: (reason: CoverageReason) => void;
}

/** Named objects of a type, page by page; a failure of the type alone is told. */
export async function* namedPages(
  { cluster, type, signal, onUnread }: Named,
  names: readonly string[],
  problems: ProblemList,
): AsyncGenerator<readonly ListedObject[]> {
  const unit = { type, namespace: '', items: names.length, names: [...names].sort() };
  const options = { signal, isMixedAllowed: true };
  try {
    yield* unitPages(cluster, unit, { selectors: [], options });
  } catch (error) {
    const reason = problems.tell(type, error);
    onUnread?.(reason);
  }
}
