import { expect, test } from 'vitest';

import {
  afterRound,
  isCheckDue,
  type MaintenanceState,
  NO_MAINTENANCE,
  noteUse,
  type RoundEnd,
} from '../../../domain/volumes/maintenance-plan.ts';

// Goal: a repository is maintained as long as there is something to maintain, rarely when that fails, and a part of its
// data is read each time until all was read.

const rules = { everyMs: 1000, backOffMs: [10, 60, 240], checkEveryMs: 7000, checkParts: 3 };
const DONE: RoundEnd = { kind: 'Done', snapshots: 5, isChecked: false };
const CHECKED: RoundEnd = { ...DONE, isChecked: true };

function failed(code: 'location-unreachable' | 'repository-damaged'): RoundEnd {
  return { kind: 'Failed', failure: { code, message: 'no' } };
}

/** What is remembered after some rounds, one every 100 ms from 100 on. */
function after(...ends: readonly RoundEnd[]): MaintenanceState {
  const used = noteUse(NO_MAINTENANCE, rules, { nowMs: 0, chance: 0.5 });
  return ends.reduce(
    (state, end, index) =>
      afterRound(state, end, { rules, moment: { nowMs: 100 * (index + 1), chance: 0.5 } }),
    used,
  );
}

test('nothing is due before a repository is used, and then once, about so much later as the rules say', () => {
  expect(NO_MAINTENANCE.dueMs).toBeUndefined();
  const due = (chance: number) => noteUse(NO_MAINTENANCE, rules, { nowMs: 50, chance }).dueMs;
  expect([0, 0.5, 1].map(due)).toEqual([800, 1050, 1300]);
  const again = noteUse(after(), rules, { nowMs: 400, chance: 0.5 });
  expect(again).toMatchObject({ dueMs: 1000, isUsed: true });
});

test('a round that ended well is followed by another one while there are snapshots', () => {
  expect(after(DONE)).toMatchObject({
    dueMs: 1100,
    isUsed: false,
    last: { atMs: 100, end: 'Done' },
  });
  const empty = after(DONE, { ...DONE, snapshots: 0 });
  expect(empty.dueMs).toBeUndefined();
  expect(noteUse(empty, rules, { nowMs: 300, chance: 0.5 }).dueMs).toBe(1300);
});

test('a round that fails is tried again after an ever longer pause', () => {
  const away = failed('location-unreachable');
  const dues = [1, 2, 3, 4].map((times) => after(...Array<RoundEnd>(times).fill(away)).dueMs);
  expect(dues).toEqual([100 + 10, 200 + 60, 300 + 240, 400 + 240]);
  const well = after(away, away, DONE);
  expect(well).toMatchObject({ failures: 0, dueMs: 1300, lastFailure: { atMs: 200 } });
  expect(after(away, away, DONE, away).dueMs).toBe(410);
});

test('a round for which the repository was never free is no failure', () => {
  const state = after(failed('location-unreachable'), { kind: 'Postponed' });
  expect(state).toMatchObject({
    failures: 1,
    dueMs: 210,
    isUsed: true,
    last: { end: 'Postponed' },
  });
});

test('a check is due at first, then as often as the rules say, and always while there is damage', () => {
  const isDue = (state: MaintenanceState, nowMs: number) => isCheckDue(state, rules, nowMs);
  const sinceEver = 1_800_000_000_000;
  expect(isDue(after(), sinceEver)).toBe(true);
  expect(isDue(after(DONE), sinceEver)).toBe(true);
  const checked = after(CHECKED, DONE, failed('location-unreachable'), { kind: 'Postponed' });
  expect([7099, 7100].map((nowMs) => isDue(checked, nowMs))).toEqual([false, true]);
  const damaged = after(CHECKED, failed('repository-damaged'));
  expect(isDue(damaged, sinceEver)).toBe(true);
  expect(damaged.checkedMs).toBe(0);
  expect(isDue(after(CHECKED, failed('repository-damaged'), CHECKED), 301)).toBe(false);
});

test('every part of the data gets its turn', () => {
  const parts = [0, 1, 2, 3, 4].map((checks) => after(...Array<RoundEnd>(checks).fill(CHECKED)));
  expect(parts.map(({ nextPart }) => nextPart)).toEqual([1, 2, 3, 1, 2]);
  expect(after(CHECKED, failed('repository-damaged'), DONE).nextPart).toBe(2);
});
