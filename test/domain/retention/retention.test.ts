import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { EndPhase } from '../../../domain/phase.ts';
import { calendarOf, KEEP_FIELDS, type KeepRules } from '../../../domain/retention/keep-rules.ts';
import {
  type KeepReason,
  type KeptBackup,
  retention,
  type RetentionPolicy,
} from '../../../domain/retention/retention.ts';
import { isKept } from '../../support/slow-retention.ts';

// Goal: no backup goes that a rule keeps, and what stays has its reason. Method: a table of cases with known answers, and
// random histories of five years against a second, slow and plain way to the same answer.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = '2026-11-24T12:00:00Z';

function backup(start: string, other: Partial<KeptBackup> = {}): KeptBackup {
  return { name: start, startMs: Date.parse(start), phase: 'Completed', ...other };
}

function policy(rules: KeepRules = {}, other: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return { rules, timeZone: 'UTC', nowMs: Date.parse(NOW), keepsNewest: false, ...other };
}

/** Reasons by the name of the backup. */
function reasonsOf(backups: readonly KeptBackup[], how: RetentionPolicy): Record<string, string> {
  const words = ({ rule, period }: KeepReason): string => [rule, period ?? ''].join(' ').trim();
  return Object.fromEntries(
    retention(backups, how).map(({ backup: { name }, reasons }) => [
      name,
      reasons.map(words).join(', '),
    ]),
  );
}

const DAYS = ['2026-11-20', '2026-11-21', '2026-11-23', '2026-11-24'];
const TWICE = DAYS.flatMap((day) => [`${day}T01:00:00Z`, `${day}T09:00:00Z`]);

describe('what the rules keep', () => {
  test('keepLast keeps the newest', () => {
    expect(
      reasonsOf(
        TWICE.map((at) => backup(at)),
        policy({ keepLast: 2 }),
      ),
    ).toEqual({
      ...Object.fromEntries(TWICE.map((at) => [at, ''])),
      '2026-11-24T09:00:00Z': 'keepLast',
      '2026-11-24T01:00:00Z': 'keepLast',
    });
  });

  test('a period is stood for by its newest backup, and empty ones are not counted', () => {
    expect(
      reasonsOf(
        TWICE.map((at) => backup(at)),
        policy({ keepDaily: 3 }),
      ),
    ).toEqual({
      ...Object.fromEntries(TWICE.map((at) => [at, ''])),
      '2026-11-24T09:00:00Z': 'keepDaily 2026-11-24',
      '2026-11-23T09:00:00Z': 'keepDaily 2026-11-23',
      '2026-11-21T09:00:00Z': 'keepDaily 2026-11-21',
    });
  });

  test('one that failed in part stands for a period only where no other does', () => {
    const backups = [
      backup('2026-11-24T09:00:00Z', { phase: 'PartiallyFailed' }),
      backup('2026-11-24T01:00:00Z'),
      backup('2026-11-23T09:00:00Z', { phase: 'PartiallyFailed' }),
      backup('2026-11-22T09:00:00Z', { phase: 'Failed' }),
    ];
    expect(reasonsOf(backups, policy({ keepDaily: 2 }))).toEqual({
      '2026-11-24T09:00:00Z': '',
      '2026-11-24T01:00:00Z': 'keepDaily 2026-11-24',
      '2026-11-23T09:00:00Z': 'keepDaily 2026-11-23',
      '2026-11-22T09:00:00Z': 'recent-failure',
    });
  });

  test('one backup may stand for several periods', () => {
    const rules = { keepHourly: 1, keepDaily: 1, keepWeekly: 1, keepMonthly: 1, keepYearly: 1 };
    expect(reasonsOf([backup('2026-11-24T09:30:00Z')], policy(rules))).toEqual({
      '2026-11-24T09:30:00Z':
        'keepHourly 2026-11-24T09Z, keepDaily 2026-11-24, keepWeekly 2026-W48, keepMonthly 2026-11, keepYearly 2026',
    });
  });

  test('days are those of the time zone', () => {
    const backups = [backup('2026-11-23T22:59:00Z'), backup('2026-11-23T23:01:00Z')];
    const days = (timeZone: string) => reasonsOf(backups, policy({ keepDaily: 9 }, { timeZone }));
    expect(days('UTC')['2026-11-23T22:59:00Z']).toBe('');
    expect(days('Europe/Berlin')).toEqual({
      '2026-11-23T22:59:00Z': 'keepDaily 2026-11-23',
      '2026-11-23T23:01:00Z': 'keepDaily 2026-11-24',
    });
  });
});

describe('the week of a day', () => {
  test.each([
    ['2026-01-01', '2026-W01'],
    ['2027-01-01', '2026-W53'],
    ['2024-12-30', '2025-W01'],
    ['2021-01-03', '2020-W53'],
    ['2026-11-29', '2026-W48'],
    ['2026-11-30', '2026-W49'],
  ])('%s is in %s', (day, week) => {
    expect(calendarOf('UTC')(Date.parse(day)).keepWeekly).toBe(week);
  });
});

test('the two hours of one name, when the clocks go back, are two', () => {
  const hours = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map(
    (at) => calendarOf('Europe/Berlin')(Date.parse(at)).keepHourly,
  );
  expect(new Set(hours).size).toBe(2);
});

describe('what else keeps a backup', () => {
  const old = '2026-01-01T00:00:00Z';
  const ofLost = { expiresMs: Date.parse(NOW) - 1, clusterUid: 'lost' };
  const served = (days: number): Partial<RetentionPolicy> => ({
    cluster: { uid: 'served', createdMs: Date.parse(NOW) - days * 24 * 3_600_000 },
  });
  const [past, future] = [Date.parse(NOW) - 1, Date.parse(NOW) + 1];

  test.each<[string, Partial<KeptBackup>, Partial<RetentionPolicy>, string]>([
    ['a TTL that is not over', { expiresMs: future }, {}, 'ttl'],
    ['a TTL that is not over, beside rules', { expiresMs: future }, ruled(), 'ttl'],
    ['a TTL that ends now keeps nothing', { expiresMs: past + 1 }, {}, ''],
    ['no TTL, and no rules', {}, {}, 'no-ttl'],
    ['no TTL under rules keeps nothing', {}, ruled(), ''],
    ['a hold', { expiresMs: past, isHeld: true }, {}, 'held'],
    [
      'the newest good one of a schedule',
      { expiresMs: past },
      { keepsNewest: true },
      'newest-good',
    ],
    ['a failure is no good one', { expiresMs: past, phase: 'Failed' }, { keepsNewest: true }, ''],
    ['a lost cluster, while its name is new elsewhere', ofLost, served(6), 'lost-cluster'],
    ['a lost cluster, a week later', ofLost, served(7), ''],
    ['the cluster that is served', { ...ofLost, clusterUid: 'served' }, served(6), ''],
    ['a failure of a week ago, under rules', { phase: 'Failed' }, ruled(), ''],
  ])('%s', (...[, other, how, reasons]) => {
    expect(reasonsOf([backup(old, other)], policy({}, how))[old]).toBe(reasons);
  });

  function ruled(): Partial<RetentionPolicy> {
    return { rules: { keepDaily: 0 } };
  }

  test('the newest good one is the newest Completed, or else the newest that failed in part', () => {
    const [older, newer] = ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'];
    const how = policy({ keepDaily: 0 }, { keepsNewest: true });
    const newest = (phase: EndPhase) =>
      reasonsOf([backup(older, { phase }), backup(newer, { phase: 'PartiallyFailed' })], how);
    expect(newest('Completed')).toEqual({ [older]: 'newest-good', [newer]: '' });
    expect(newest('PartiallyFailed')).toEqual({ [older]: '', [newer]: 'newest-good' });
  });
});

// --- against a slow and plain reference, over five years ---

const FIVE_YEARS_MS = 5 * 365 * DAY_MS;
const history = fc
  .uniqueArray(
    fc.record({
      agoMs: fc.integer({ min: 0, max: FIVE_YEARS_MS / 60_000 }).map((minutes) => minutes * 60_000),
      phase: fc.constantFrom<EndPhase>('Completed', 'PartiallyFailed', 'Failed', 'Cancelled'),
      ttlMs: fc.option(fc.integer({ min: 0, max: FIVE_YEARS_MS }), { nil: undefined }),
      isHeld: fc.boolean(),
    }),
    { selector: ({ agoMs }) => agoMs, maxLength: 120 },
  )
  .map((runs) =>
    runs.map(({ agoMs, phase, ttlMs, isHeld }, index): KeptBackup => {
      const startMs = Date.parse(NOW) - agoMs;
      return {
        ...{ name: `run-${String(index)}`, startMs, phase, isHeld },
        ...(ttlMs === undefined ? {} : { expiresMs: startMs + ttlMs }),
      };
    }),
  );
const count = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
const someRules = fc
  .record(Object.fromEntries(KEEP_FIELDS.map((field) => [field, count])))
  .map((rules): KeepRules =>
    Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)),
  );
const policies = fc
  .record({
    rules: someRules,
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Apia'),
    keepsNewest: fc.boolean(),
  })
  .map(({ rules, ...other }) => policy(rules, other));

test('random histories of five years are kept as the slow way says', () => {
  fc.assert(
    fc.property(history, policies, (all, how) => {
      const gone = retention(all, how)
        .filter(({ reasons }) => reasons.length === 0)
        .map(({ backup: { name } }) => name);
      const expected = all.filter((one) => !isKept(one, all, how)).map(({ name }) => name);
      expect(gone.sort()).toEqual(expected.sort());
    }),
    { numRuns: 300 },
  );
});

test('the order in which backups come does not matter, and what stays would stay again', () => {
  fc.assert(
    fc.property(history, policies, (all, how) => {
      const verdicts = retention(all, how);
      expect(retention([...all].reverse(), how)).toEqual(verdicts);
      const left = verdicts.filter(({ reasons }) => reasons.length > 0).map((one) => one.backup);
      expect(retention(left, how).every(({ reasons }) => reasons.length > 0)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a nightly backup for five years is thinned out as its rules say, night by night', () => {
  const rules = { keepDaily: 7, keepWeekly: 4, keepMonthly: 12, keepYearly: 5 };
  let kept: KeptBackup[] = [];
  const first = Date.parse('2021-11-24T01:00:00Z');
  for (let night = 0; night < 5 * 365; night += 1) {
    const nowMs = first + night * DAY_MS;
    kept.push(backup(new Date(nowMs).toISOString()));
    const verdicts = retention(kept, policy(rules, { nowMs, keepsNewest: true }));
    kept = verdicts.filter(({ reasons }) => reasons.length > 0).map((one) => one.backup);
  }
  const days = kept.map(({ name }) => name.slice(0, 10));
  expect(days.slice(0, 7)).toEqual(
    Array.from({ length: 7 }, (_, ago) =>
      new Date(first + (5 * 365 - 1 - ago) * DAY_MS).toISOString().slice(0, 10),
    ),
  );
  expect(new Set(days.map((day) => day.slice(0, 7))).size).toBeGreaterThanOrEqual(12);
  expect(new Set(days.map((day) => day.slice(0, 4)))).toEqual(
    new Set(['2022', '2023', '2024', '2025', '2026']),
  );
  expect(kept.length).toBeLessThanOrEqual(7 + 4 + 12 + 5);
});
