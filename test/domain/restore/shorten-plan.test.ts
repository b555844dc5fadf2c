import { expect, test } from 'vitest';

import { countsText, PlanTally } from '../../../domain/restore/plan-tally.ts';
import type { PlanAction, RestorePlanReport } from '../../../domain/restore/restore-preview.ts';
import { shortenedPlans } from '../../../domain/restore/shorten-plan.ts';

// Goal: an answer that is too long loses what is expected first, and says what it does not list.

function tallied(actions: readonly PlanAction[], textLength = 0): PlanTally {
  const tally = new PlanTally();
  for (const [index, action] of actions.entries()) {
    const diff = [
      { path: '/data/a', op: 'replace', from: '1', to: 'x'.repeat(textLength) },
    ] as const;
    tally.add(
      {
        ...{ group: '', version: 'v1', resource: 'configmaps', namespace: 'shop' },
        ...{ name: `item-${String(index)}`, action },
        ...(action === 'update' ? { diff } : {}),
      },
      { wave: 1, place: actions.length - index },
    );
  }
  return tally;
}

function report(tally: PlanTally): RestorePlanReport {
  return {
    ...{ backupName: 'b', digest: 'sha256:1', waves: [], leftOut: [] },
    ...{ cycles: { count: 0, items: [] }, tooDeep: 0, counts: tally.counts, items: tally.items() },
  };
}

test('items come in the order in which they are restored', () => {
  const tally = tallied(['create', 'update', 'unchanged']);
  expect(tally.items().map(({ action }) => action)).toEqual(['unchanged', 'update', 'create']);
  expect(countsText(tally.counts)).toBe('1 create, 1 update, 1 unchanged');
  expect(countsText({})).toBe('nothing');
});

test('what is unchanged goes first, then what is created, then values, then diffs', () => {
  const tally = tallied(['create', 'update', 'unchanged', 'unchanged', 'blocked']);
  const shorter = [...shortenedPlans(report(tally))];
  expect(shorter.map(({ items, more }) => [items.length, more])).toEqual([
    [5, undefined],
    [3, { unchanged: 2 }],
    ...Array.from({ length: 4 }, () => [2, { unchanged: 2, create: 1 }]),
  ]);
  expect(shorter.map(({ isShortened = false }) => isShortened)).toEqual([
    ...[false, false, false],
    ...[true, true, true],
  ]);
  expect(shorter[3]?.items[1]?.diff).toEqual([{ path: '/data/a', op: 'replace' }]);
  expect(shorter[4]?.items[1]).not.toHaveProperty('diff');
  expect(shorter[4]?.items[1]?.moreChanges).toBe(1);
});

test('more items than can be told are counted, and the expected ones do not crowd out the others', () => {
  const actions = Array.from({ length: 30_000 }, (): PlanAction => 'create');
  const tally = tallied([...actions, 'blocked', 'update']);
  const [whole] = shortenedPlans(report(tally));
  expect(whole?.items.length).toBeLessThan(20_000);
  expect(whole?.items.slice(0, 2).map(({ action }) => action)).toEqual(['update', 'blocked']);
  expect(whole?.counts.create).toBe(30_000);
  expect((whole?.more?.create ?? 0) + (whole?.items.length ?? 0)).toBe(30_002);
});
