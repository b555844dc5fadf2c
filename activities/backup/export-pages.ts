import { cleanCaptured } from '../../domain/clean-captured.ts';
import type { NoteTaker } from '../../domain/backup-notes.ts';
import type { ExportUnit, PlannedSelection } from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, type ListedObject, type ResourceType } from '../../domain/item.ts';
import { type KeepContext, whyNotKept } from '../../domain/keep-object.ts';
import { shortList } from '../../domain/short-list.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { ListDoubt, ListOptions } from '../kubernetes/port.ts';
import {
  type ActedItem,
  type ExportActions,
  NO_ACTIONS,
  type PageActions,
} from '../plugins/page-actions.ts';
import type { ProblemList } from './problem-list.ts';
import { keyOf, type Lister, unitPages } from './unit-pages.ts';

export interface PageSource {
  readonly selection: PlannedSelection;
  readonly units: readonly ExportUnit[];
  readonly signal: AbortSignal;
  /** After two attempts, a listing that expires goes on with what there is then; the API server offers that. */
  readonly isMixedAllowed: boolean;
  /** Types that could not be listed, or not as one moment's state, are told here. */
  readonly problems: ProblemList;
  readonly notes: NoteTaker;
  /** What plugins said of the objects; left out where none was asked. */
  readonly actions?: ExportActions;
}

/** Units whose first page is asked for while an earlier one is written. */
const UNITS_AHEAD = 3;
/** Objects of such a unit at most: a full page takes megabytes of memory. */
const AHEAD_ITEMS_MAX = 100;

/**
 * The objects of some units, page by page, in the order of the units. The first pages of small units that come next
 * are fetched while the present one is written: most units are one page that is nearly empty.
 */
export async function* exportPages(
  cluster: Lister,
  source: PageSource,
): AsyncGenerator<readonly ArchiveItem[]> {
  const { units, selection } = source;
  const context = keepContext(selection);
  const started: Started[] = [];
  try {
    for (const [index, unit] of units.entries()) {
      while (started.length <= index || isStartedAhead(units, started.length, index)) {
        started.push(start(cluster, units[started.length] ?? unit, source));
      }
      const first = firstOnes(selection, unit);
      const missing = new Set(unit.names);
      for await (const page of toldPages(unit.type, started[index], source)) {
        page.forEach((listed) => missing.delete(keyOf(listed)));
        const actions = await pageActions(unit.type, page, source);
        yield page.flatMap((listed) =>
          first.has(keyOf(listed)) ? [] : captured(unit, listed, { context, source, actions }),
        );
      }
      tellMissing(unit, missing, source);
    }
  } finally {
    // A consumer that stops early leaves listings behind that nobody reads; their failures are no longer news.
    await Promise.allSettled(started.map(({ first }) => first));
  }
}

/** What decides about single objects, of a stored plan. */
export function keepContext(selection: PlannedSelection): KeepContext {
  const { namespaces, known, selectors, filterPolicies } = selection;
  return {
    namespaces: new Set(namespaces),
    ...(known === undefined ? {} : { known: new Set(known) }),
    selectors,
    ...(filterPolicies === undefined ? {} : { filterPolicies }),
  };
}

/** An object on its way into the archive, without what ties it to this cluster. */
export function archiveItem(type: ResourceType, listed: ListedObject): ArchiveItem {
  const object = cleanCaptured(type, listed.object);
  return object === undefined ? { type, ...listed } : { type, object };
}

/** Objects that a unit of their own takes before this one. */
function firstOnes({ ordered }: PlannedSelection, unit: ExportUnit): ReadonlySet<string> {
  const isOther = unit.names !== undefined || unit.isOtherVersion === true;
  return new Set(isOther ? [] : ordered[groupResource(unit.type)]);
}

/** Objects that should come first and are not there. */
function tellMissing(
  { type }: ExportUnit,
  missing: ReadonlySet<string>,
  { problems }: Pick<PageSource, 'problems'>,
): void {
  if (missing.size > 0) {
    const subject = `orderedResources.${groupResource(type)}`;
    const message = `orderedResources names ${groupResource(type)} ${shortList([...missing], 1)}, which the cluster does not have`;
    problems.warning({ code: 'not-found', message, subject });
  }
}

/** What plugins said of the objects of a page. */
export async function pageActions(
  type: ResourceType,
  page: readonly ListedObject[],
  { actions }: Pick<PageSource, 'actions'>,
): Promise<PageActions> {
  return (await actions?.ofPage(type, page.map(keyOf))) ?? NO_ACTIONS;
}

/** An object that is taken because others ask for it, after what plugins said of it. */
export function actedItem(
  type: ResourceType,
  listed: ListedObject,
  { notes, actions }: { readonly notes: NoteTaker; readonly actions: PageActions },
): ArchiveItem[] {
  const acted = actions.act(keyOf(listed), archiveItem(type, listed));
  if ('reason' in acted) {
    leaveOut(notes, type, { ...listed, ...acted });
    return [];
  }
  notes.keep(type, acted.item.object);
  return [acted.item];
}

type LeftOut = Pick<ListedObject, 'object'> & Extract<ActedItem, { readonly reason: unknown }>;

function leaveOut(notes: NoteTaker, type: ResourceType, { object, reason, text }: LeftOut): void {
  notes.leaveOut(type, object, reason);
  if (text !== undefined) {
    notes.explain(type, reason, text);
  }
}

interface Deciders {
  readonly context: KeepContext;
  readonly source: PageSource;
  readonly actions: PageActions;
}

function captured(
  { type, isOtherVersion }: ExportUnit,
  listed: ListedObject,
  { context, source: { notes }, actions }: Deciders,
): ArchiveItem[] {
  const { object } = listed;
  const reason = whyNotKept(type, object, context);
  if (reason !== undefined) {
    notes.leaveOut(type, object, reason);
    return [];
  }
  const version = isOtherVersion === true ? { isOtherVersion } : {};
  const acted = actions.act(keyOf(listed), { ...archiveItem(type, listed), ...version });
  if ('reason' in acted) {
    leaveOut(notes, type, { object, ...acted });
    return [];
  }
  if (isOtherVersion === true) {
    notes.keepOtherVersion(type);
  } else {
    notes.keep(type, acted.item.object);
  }
  return [acted.item];
}

/** Whether the unit at a place is started while the one at the index is written. */
function isStartedAhead(units: readonly ExportUnit[], place: number, index: number): boolean {
  const unit = units[place];
  return unit !== undefined && place <= index + UNITS_AHEAD && unit.items <= AHEAD_ITEMS_MAX;
}

type Pages = AsyncIterator<readonly ListedObject[]>;

interface Started {
  readonly pages: Pages;
  readonly first: Promise<IteratorResult<readonly ListedObject[]>>;
}

function start(cluster: Lister, unit: ExportUnit, source: PageSource): Started {
  const { selectors } = source.selection;
  const options = listOptions(unit.type, source);
  const pages = unitPages(cluster, unit, { selectors, options })[Symbol.asyncIterator]();
  const first = pages.next();
  // Whoever reads the pages meets the failure; until then it must not count as unhandled.
  first.catch(() => undefined);
  return { pages, first };
}

/** How a type is listed, with doubts about the listing told. */
export function listOptions(
  type: ResourceType,
  { signal, isMixedAllowed, problems, notes }: Omit<PageSource, 'units' | 'selection'>,
): ListOptions {
  const onDoubt = (doubt: ListDoubt): void => {
    const report = doubtOf(type, doubt);
    if (doubt === 'mixed') {
      problems.warning(report);
    } else {
      problems.error(report);
      notes.fail(type, 'not-listed');
    }
  };
  return { signal, isMixedAllowed, onDoubt };
}

/** The pages of a unit as far as they come; a failure of its type alone is told. */
async function* toldPages(
  type: ResourceType,
  started: Started | undefined,
  { problems, notes }: Pick<PageSource, 'problems' | 'notes'>,
): AsyncGenerator<readonly ListedObject[]> {
  try {
    yield* pagesOf(started);
  } catch (error) {
    notes.fail(type, problems.tell(type, error));
  }
}

async function* pagesOf(started: Started | undefined): AsyncGenerator<readonly ListedObject[]> {
  if (started === undefined) {
    return;
  }
  let ahead = started.first;
  for (let page = await ahead; page.done !== true; page = await ahead) {
    // The next page travels while this one is written.
    ahead = started.pages.next();
    ahead.catch(() => undefined);
    yield page.value;
  }
}

function doubtOf(type: ResourceType, doubt: ListDoubt): FailureReport {
  const subject = groupResource(type);
  return doubt === 'mixed'
    ? {
        code: 'listing-expired',
        message: `the listing of ${subject} expired again and again; its parts are of different moments`,
        subject,
      }
    : {
        code: 'cluster-failed',
        message: `the API server counts more ${subject} than it lists; some may be missing`,
        subject,
      };
}
