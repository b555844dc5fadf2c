import { isNamespaceSelected, selectorsOf, takesAllNamespaces } from '../backup.ts';
import type { IndexLine } from '../backup-index.ts';
import { groupResource, type ItemReference } from '../item.ts';
import { matchesLabels } from '../selection/label-selector.ts';
import { namesOwnNamespace, namesOwnTypes, OWN_GROUP } from '../selection/own-parts.ts';
import { CLAIMS, PRIORITY_CLASSES } from '../selection/related-items.ts';
import type { TypeFilter } from '../selection/type-lists.ts';
import { NOT_RESTORED } from './restore-order.ts';
import type { NamedItem, RetriedItems } from './retried-items.ts';
import type { RestoreSpec } from '../restore.ts';

export const DEFINITION_TYPE = 'customresourcedefinitions.apiextensions.k8s.io';

export const VOLUME_TYPE = 'persistentvolumes';

/** Types of which a restore that does not take them for themselves takes what belongs to it. */
const RELATED: Readonly<Record<string, Selection>> = {
  [CLAIMS]: 'ofPods',
  [PRIORITY_CLASSES]: 'ofPods',
  [DEFINITION_TYPE]: 'definition',
  [VOLUME_TYPE]: 'volume',
};

/** How an item of a backup stands to a restore. */
export type Selection =
  | ('restored' | 'ofPods' | 'definition' | 'volume' | 'namespace')
  | ('notRestorable' | 'notSelected' | 'holdfast');

/** What keeps an item from being restored whatever else the backup holds. */
const LEFT_OUT: ReadonlySet<Selection> = new Set(['notRestorable', 'notSelected', 'holdfast']);

/** A request, with the names of its lists of types read. */
export interface RestoreFilter {
  readonly spec: RestoreSpec;
  /** The namespace of the Holdfast that restores, in the target cluster. */
  readonly own: string;
  /** Left out where the request has no such lists. */
  readonly types?: TypeFilter;
  /** The only items that are restored, where an earlier restore is tried again. */
  readonly retried?: RetriedItems;
  /** Items that plugins ask for; where these are given, nothing else is asked for. */
  readonly added?: AddedNames;
}

/** Items by name. */
interface AddedNames {
  has(item: ItemReference): boolean;
}

/** What of an item decides whether a restore takes it. */
export type SelectableItem = ItemReference & Pick<IndexLine, 'labels' | 'kind'>;

/**
 * Whether a restore takes an item. What belongs to others is left to the caller, who has seen all items: a claim or a
 * priority class `ofPods` is taken with the pods that need it, a `definition` with custom resources that it serves, a
 * `volume` with the claim that it is bound to, and a `namespace`, whose own labels do not match, with what is restored
 * into it, as Velero makes it from the backup.
 * As in Velero `includeClusterResources: false` takes no cluster-scoped object but namespaces, and also none that
 * belongs to another. A list of included types says what is asked for; what belongs to that comes with it unless it is
 * excluded, since a pod without its claim, a claim without its volume and an object without its definition are of no
 * use. Velero asks its list about those too. What would be written over the Holdfast that restores is `holdfast`, unless
 * the request names it. Items that plugins add need no labels, and may be cluster-scoped unless the request forbids that.
 */
export function selectItem(filter: RestoreFilter, item: SelectableItem): Selection {
  const selection = selectAsked(filter, item);
  return !isLeftOut(selection) && isOwn(filter, item) ? 'holdfast' : selection;
}

/** Whether an item is not restored, whatever else the backup holds. */
export function isLeftOut(selection: Selection): boolean {
  return LEFT_OUT.has(selection);
}

/** Whether an item that a restore selects, or that belongs to one, is still to be restored. */
export function isOpen({ retried }: RestoreFilter, item: NamedItem): boolean {
  return retried?.has(item) !== false;
}

function selectAsked(filter: RestoreFilter, item: SelectableItem): Selection {
  const { spec, types } = filter;
  const type = groupResource(item);
  if (NOT_RESTORED.has(type)) {
    return 'notRestorable';
  }
  const listing = listingOf(types, type);
  const isAsked = listing === 'listed' && (isAdded(filter, item) ?? hasSelectedLabels(spec, item));
  if (item.namespace !== '') {
    const isThere = listing !== 'excluded' && isNamespaceSelected(spec, item.namespace);
    return isThere ? selectNamespaced(type, isAsked) : 'notSelected';
  }
  if (type === 'namespaces') {
    // Also where they are excluded: Velero makes the namespaces of what it restores from those of the backup.
    return selectNamespace(spec, item.name, isAsked);
  }
  return listing === 'excluded' ? 'notSelected' : selectClusterScoped(filter, item, isAsked);
}

/** Whether an item is part of the Holdfast that restores: in its namespace, of its API group, or a definition of that. */
function isOwn({ spec, own }: RestoreFilter, item: SelectableItem): boolean {
  const type = groupResource(item);
  // The name of a definition is that of its type: `runs.holdfast.dev`.
  const defined = type === DEFINITION_TYPE ? item.name.slice(item.name.indexOf('.') + 1) : '';
  const isOfGroup = [item.group, defined].includes(OWN_GROUP);
  const namespace = type === 'namespaces' ? item.name : item.namespace;
  return (
    (isOfGroup && !namesOwnTypes(spec)) ||
    // Where the request maps it, it goes elsewhere, or is meant.
    (namespace === own &&
      !namesOwnNamespace(spec, own) &&
      !Object.hasOwn(spec.namespaceMapping, own))
  );
}

function listingOf(types: TypeFilter | undefined, type: string): 'listed' | 'excluded' | 'other' {
  if (types?.excluded.has(type) === true) {
    return 'excluded';
  }
  return types?.included?.has(type) === false ? 'other' : 'listed';
}

function selectNamespaced(type: string, isAsked: boolean): Selection {
  return isAsked ? 'restored' : (RELATED[type] ?? 'notSelected');
}

function selectClusterScoped(
  filter: RestoreFilter,
  item: SelectableItem,
  isAsked: boolean,
): Selection {
  const { spec } = filter;
  if (spec.includeClusterResources === false) {
    return 'notSelected';
  }
  const isTaken = isAdded(filter, item) ?? spec.includeClusterResources ?? takesAllNamespaces(spec);
  return isAsked && isTaken ? 'restored' : (RELATED[groupResource(item)] ?? 'notSelected');
}

/** Whether a plugin asks for an item, now or in an earlier restore that has failed at it; undefined where the request says. */
function isAdded({ added, retried }: RestoreFilter, item: SelectableItem): boolean | undefined {
  return added?.has(item) ?? (retried?.hasAdded(item) === true ? true : undefined);
}

function selectNamespace(spec: RestoreSpec, name: string, isAsked: boolean): Selection {
  if (!isNamespaceSelected(spec, name)) {
    return 'notSelected';
  }
  return isAsked ? 'restored' : 'namespace';
}

function hasSelectedLabels(spec: RestoreSpec, { labels }: SelectableItem): boolean {
  const selectors = selectorsOf(spec);
  return selectors.length === 0 || selectors.some((selector) => matchesLabels(selector, labels));
}
