import { PLAN_ACTIONS, type PlannedItem, type RestorePlanReport } from './restore-preview.ts';
import { QUIET_ACTIONS } from './plan-tally.ts';
import { pathOnly } from './shown-diff.ts';

/** Items that the shortest report lists. */
const SHORT_ITEMS = 100;

/**
 * A report, and shorter ones until one fits: what everybody expects goes first, then values, then diffs, and last
 * items. The counts stay.
 */
export function* shortenedPlans(report: RestorePlanReport): Generator<RestorePlanReport> {
  yield withItems(report, report.items);
  const [unchanged] = QUIET_ACTIONS;
  yield withItems(
    report,
    report.items.filter(({ action }) => action !== unchanged),
  );
  const loud = report.items.filter(({ action }) => !QUIET_ACTIONS.includes(action));
  yield withItems(report, loud);
  yield shortened(report, loud.map(withoutValues));
  const bare = loud.map(withoutDiff);
  yield shortened(report, bare);
  yield shortened(report, bare.slice(0, SHORT_ITEMS));
}

function withItems(report: RestorePlanReport, items: readonly PlannedItem[]): RestorePlanReport {
  const missing = PLAN_ACTIONS.flatMap((action) => {
    const listed = items.filter((item) => item.action === action).length;
    const more = report.counts[action] - listed;
    return more === 0 ? [] : [[action, more] as const];
  });
  return {
    ...report,
    items,
    ...(missing.length === 0 ? {} : { more: Object.fromEntries(missing) }),
  };
}

function shortened(report: RestorePlanReport, items: readonly PlannedItem[]): RestorePlanReport {
  return { ...withItems(report, items), isShortened: true };
}

function withoutDiff(item: PlannedItem): PlannedItem {
  const { diff = [], moreChanges = 0, ...rest } = item;
  const hidden = diff.length + moreChanges;
  return hidden === 0 ? item : { ...rest, moreChanges: hidden };
}

function withoutValues(item: PlannedItem): PlannedItem {
  return item.diff === undefined ? item : { ...item, diff: item.diff.map(pathOnly) };
}
