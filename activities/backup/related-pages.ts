import type { PlannedRelated, PlannedSelection } from '../../domain/export-plan.ts';
import { groupResource, type ListedObject, type ResourceType } from '../../domain/item.ts';
import { isMatching, type KeepContext, whyNotTaken } from '../../domain/keep-object.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  NAMESPACES,
  type RelatedGatherer,
} from '../../domain/selection/related-items.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { PageActions } from '../plugins/page-actions.ts';
import {
  actedItem,
  keepContext,
  listOptions,
  pageActions,
  type PageSource,
} from './export-pages.ts';
import { type Lister, unitPages } from './unit-pages.ts';

/** Where related objects come from; `notes` know what the objects of the backup refer to. */
export interface RelatedSource extends Omit<PageSource, 'units'> {
  /** See `itemId`: objects that others have asked for, and that are dealt with. */
  readonly met?: ReadonlySet<string>;
}

/** How an object is known that others ask for. */
export function itemId(
  type: Pick<ResourceType, 'group' | 'resource'>,
  { object }: Pick<ListedObject, 'object'>,
): string {
  const { namespace = '', name } = object.metadata;
  return `${groupResource(type)} ${namespace}/${name}`;
}

/**
 * The objects that those of the backup refer to, type by type in an order in which what one type leads to comes later.
 * An object that the backup holds already does not come again.
 */
export async function* relatedPages(
  cluster: Lister,
  source: RelatedSource,
): AsyncGenerator<readonly ArchiveItem[]> {
  const { selection, notes, problems } = source;
  const context = keepContext(selection);
  for (const planned of selection.related) {
    const { type } = planned;
    try {
      for await (const page of referredPages(cluster, planned, source)) {
        const actions = await pageActions(type, page, source);
        yield page.flatMap((listed) => related(planned, listed, { context, source, actions }));
      }
    } catch (error) {
      notes.fail(type, problems.tell(type, error));
    }
  }
}

/** The objects of a type that are referred to. */
async function* referredPages(
  cluster: Lister,
  { name, type }: PlannedRelated,
  source: RelatedSource,
): AsyncGenerator<readonly ListedObject[]> {
  const { selection } = source;
  const options = listOptions(type, source);
  const gatherer = source.notes.related;
  if (name === CLUSTER_ROLE_BINDINGS) {
    const unit = { type, namespace: '', items: 0 };
    const pages = gatherer.hasServiceAccounts
      ? unitPages(cluster, unit, { selectors: [], options })
      : [];
    for await (const page of pages) {
      yield page.filter(({ object }) => gatherer.isBindingRelated(object));
    }
    return;
  }
  const names = namesOf(name, gatherer, selection);
  yield* unitPages(
    cluster,
    { type, namespace: '', items: names.length, names },
    { selectors: [], options },
  );
}

function namesOf(
  name: PlannedRelated['name'],
  gatherer: RelatedGatherer,
  { namespaces, areNamespacesChosen, matchingNamespaces }: PlannedSelection,
): readonly string[] {
  const names = gatherer.namesOf(name);
  if (name !== NAMESPACES) {
    return names;
  }
  // On their own they would make a backup of a request that selects nothing.
  const chosen = areNamespacesChosen === true && names.length > 0 ? namespaces : [];
  return [...new Set([...names, ...chosen, ...matchingNamespaces])].sort();
}

interface Deciders {
  readonly context: KeepContext;
  readonly source: RelatedSource;
  readonly actions: PageActions;
}

function related(
  { type, isLookedAt }: PlannedRelated,
  listed: ListedObject,
  { context, source: { notes, selection, met }, actions }: Deciders,
): ArchiveItem[] {
  const { object } = listed;
  const isCollected = selection.collected.includes(groupResource(type));
  if ((isCollected && isMatching(type, object, context)) || met?.has(itemId(type, listed))) {
    // It has been met, and was taken, or it was told why not.
    return [];
  }
  if (isLookedAt === true) {
    notes.look(type, object);
    return [];
  }
  const reason = whyNotTaken(type, object, context);
  if (reason !== undefined) {
    notes.leaveOut(type, object, reason);
    return [];
  }
  return actedItem(type, listed, { notes, actions });
}
