import type { CoverageReason } from '../../domain/coverage.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, type ListedObject, type ResourceType } from '../../domain/item.ts';
import { isMatching, type KeepContext, whyNotTaken } from '../../domain/keep-object.ts';
import { itemKey } from '../../domain/plugins/call-index.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { actedItem, keepContext, pageActions, type PageSource } from '../backup/export-pages.ts';
import { keyOf } from '../backup/unit-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PluginRound } from '../plugin-run-contract.ts';
import { addedItems, namedPages } from './added-items.ts';
import type { PageActions } from './page-actions.ts';

interface Added {
  readonly run: RunReference;
  readonly rounds: readonly PluginRound[];
  readonly plan: ExportPlan;
  /** See `heldKey`. */
  readonly held: ReadonlySet<string>;
}

/**
 * The items that plugins added, as far as the backup has them not already; `held` knows those of the related ones. One that
 * does not exist, or that the request does not allow, is told: a plugin cannot bring objects of namespaces that nobody
 * asked for.
 */
export async function* exportAdded(
  { cluster, store }: Pick<Dependencies, 'cluster' | 'store'>,
  { run, rounds, plan, held }: Added,
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
          held.has(heldKey(type, listed))
            ? []
            : taken({ type, listed, askedBy }, { part, context, actions }),
        );
      }
    }
    for (const [key, who] of missing) {
      problems.warning(inVain(`${name}/${key}`, who, why));
    }
  }
}

/** How an item is known that the backup has. */
export function heldKey(
  type: Pick<ResourceType, 'group' | 'resource'>,
  { object }: Pick<ListedObject, 'object'>,
): string {
  const { namespace = '', name } = object.metadata;
  return `${groupResource(type)} ${itemKey({ namespace, name })}`;
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
}

function taken(
  { type, listed, askedBy }: AddedObject,
  { part, context, actions }: Deciders,
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
  const items = actedItem(type, listed, { notes, actions });
  if (groupResource(type) === 'persistentvolumeclaims' && items.length > 0) {
    problems.error(withoutData(keyOf(listed), askedBy.get(keyOf(listed)) ?? ''));
  }
  return items;
}

/** Volumes are chosen before plugins are asked, so nobody copies that of a claim which they add. */
function withoutData(claim: string, who: string): FailureReport {
  const subject = `persistentvolumeclaims/${claim}`;
  const message = `${who}, added ${subject}, which is in the backup without the data of its volume; select it in the request, so that it is copied`;
  return { code: 'coverage-gap', message, subject };
}

function inVain(subject: string, who: string, why: string): FailureReport {
  const message = `${who}, added ${subject}, which is not in the backup: ${why}`;
  return { code: 'plugin-answer-invalid', message, subject };
}
