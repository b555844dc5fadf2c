import type { CoverageReason } from '../../domain/coverage.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, type ListedObject, type ResourceType } from '../../domain/item.ts';
import { isMatching, type KeepContext, whyNotTaken } from '../../domain/keep-object.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { actedItem, keepContext, pageActions, type PageSource } from '../backup/export-pages.ts';
import { itemId } from '../backup/related-pages.ts';
import { keyOf } from '../backup/unit-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PluginRound } from '../plugin-run-contract.ts';
import { addedItems, namedPages } from './added-items.ts';
import type { PageActions } from './page-actions.ts';

interface Added {
  readonly run: RunReference;
  readonly rounds: readonly PluginRound[];
  readonly plan: ExportPlan;
  /** See `itemId`: gets the items that are dealt with, so that they do not come again for what refers to them. */
  readonly met: Set<string>;
  /** Only these types, as `groupResource` names them; all when left out. */
  readonly types?: readonly string[];
}

/**
 * The items that plugins added, as far as the request does not take them by itself. One that does not exist, or that the
 * request does not allow, is told: a plugin cannot bring objects of namespaces that nobody asked for.
 */
export async function* exportAdded(
  { cluster, store }: Pick<Dependencies, 'cluster' | 'store'>,
  { run, rounds, plan, met, types: wanted }: Added,
  part: Omit<PageSource, 'units'>,
): AsyncGenerator<readonly ArchiveItem[]> {
  const added = await addedItems({
    ...{ store: store(run.location), rounds },
    run: { ...run, kind: 'Backup' },
  });
  if (added.size === 0) {
    return;
  }
  const { problems, signal } = part;
  const context = keepContext(plan.selection);
  const { types } = await cluster.discover();
  const served = new Map(types.map((type) => [groupResource(type), type]));
  for (const [name, askedBy] of added) {
    if (wanted?.includes(name) === false) {
      continue;
    }
    const type = served.get(name);
    const missing = new Map(askedBy);
    let why =
      type === undefined ? 'the cluster serves no such type' : 'the cluster has no such item';
    if (type !== undefined) {
      const onUnread = (reason: CoverageReason): void => {
        why =
          reason === 'forbidden'
            ? 'Holdfast may not read it'
            : 'the cluster could not be asked for it';
      };
      for await (const page of namedPages(
        { cluster, type, signal, onUnread },
        [...askedBy.keys()],
        problems,
      )) {
        page.forEach((listed) => missing.delete(keyOf(listed)));
        const actions = await pageActions(type, page, part);
        yield page.flatMap((listed) =>
          taken({ type, listed, askedBy }, { part, context, actions, met }),
        );
      }
    }
    for (const [key, who] of missing) {
      problems.warning(inVain(`${name}/${key}`, who, why));
    }
  }
}

interface AddedObject {
  readonly type: ResourceType;
  readonly listed: ListedObject;
  readonly askedBy: ReadonlyMap<string, string>;
}

interface Deciders {
  readonly part: Omit<PageSource, 'units'>;
  readonly context: KeepContext;
  readonly actions: PageActions;
  readonly met: Set<string>;
}

function taken(
  { type, listed, askedBy }: AddedObject,
  { part, context, actions, met }: Deciders,
): ArchiveItem[] {
  const { object } = listed;
  const { notes, problems, selection } = part;
  if (selection.collected.includes(groupResource(type)) && isMatching(type, object, context)) {
    // The export has met it.
    return [];
  }
  const reason = whyNotTaken(type, object, context);
  if (reason !== undefined) {
    const key = keyOf(listed);
    const why = reason === 'not-selected' ? 'the request does not take its namespace' : reason;
    problems.warning(inVain(`${groupResource(type)}/${key}`, askedBy.get(key) ?? '', why));
    return [];
  }
  met.add(itemId(type, listed));
  return actedItem(type, listed, { notes, actions });
}

function inVain(subject: string, who: string, why: string): FailureReport {
  const message = `${who}, added ${subject}, which is not in the backup: ${why}`;
  return { code: 'plugin-answer-invalid', message, subject };
}
