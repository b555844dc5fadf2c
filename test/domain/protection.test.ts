import { expect, test } from 'vitest';

import type { BackupSpec } from '../../domain/backup.ts';
import { type ActiveSchedule, type GoodBackup, protectionOf } from '../../domain/protection.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;
const SHOP = { name: 'shop', createdMs: 0 };

function specOf(fields: Partial<BackupSpec>): BackupSpec {
  return {
    ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '1h0m0s' },
    ...fields,
  };
}

/** A good backup that ended so many hours ago. */
function backup(hours: number, fields: Partial<BackupSpec> = {}): GoodBackup {
  const endMs = NOW_MS - hours * HOUR_MS;
  const name = `b${String(hours)}`;
  return { location: 'default', name, spec: specOf(fields), startMs: endMs - 1, endMs };
}

function schedule(name: string, hours: number | undefined, fields: Partial<BackupSpec> = {}) {
  const intervalMs = hours === undefined ? undefined : hours * HOUR_MS;
  return { name, template: specOf(fields), intervalMs };
}

function look(
  backups: readonly GoodBackup[],
  schedules: readonly ActiveSchedule[] = [],
  staleAfterMs?: number,
) {
  const found = protectionOf(SHOP, { backups, schedules, nowMs: NOW_MS, staleAfterMs });
  return [found.protection, found.backup?.name, found.schedule?.name];
}

test('a namespace is covered by its newest good backup for two days', () => {
  expect(look([])).toEqual(['Uncovered', undefined, undefined]);
  expect(look([backup(50), backup(47), backup(70)])).toEqual(['Covered', 'b47', undefined]);
  expect(look([backup(49)])).toEqual(['Stale', 'b49', undefined]);
});

test('with a schedule it is covered for two of its intervals', () => {
  const hourly = schedule('hourly', 1);
  expect(look([backup(3)], [hourly])).toEqual(['Stale', 'b3', 'hourly']);
  expect(look([backup(2)], [hourly])).toEqual(['Covered', 'b2', 'hourly']);
  expect(look([backup(300)], [schedule('weekly', 168)])).toEqual(['Covered', 'b300', 'weekly']);
  expect(look([backup(3)], [schedule('odd', undefined)])).toEqual(['Covered', 'b3', 'odd']);
});

test('of several schedules the one counts that comes round most often', () => {
  const schedules = [schedule('weekly', 168), schedule('hourly', 1), schedule('daily', 24)];
  expect(look([backup(3)], schedules)).toEqual(['Stale', 'b3', 'hourly']);
});

test('a span that somebody gives stands above all', () => {
  expect(look([backup(3)], [schedule('hourly', 1)], 4 * HOUR_MS)[0]).toBe('Covered');
  expect(look([backup(3)], [], 2 * HOUR_MS)[0]).toBe('Stale');
});

test.each<[string, Partial<BackupSpec>, string]>([
  ['by name', { includedNamespaces: ['till', 'shop'] }, 'Covered'],
  ['by a pattern', { includedNamespaces: ['sh*'] }, 'Covered'],
  ['by the star', { includedNamespaces: ['*'] }, 'Covered'],
  ['without some types', { excludedResources: ['events'] }, 'Covered'],
  ['of all types', { includedResources: ['*'] }, 'Covered'],
  ['of others', { includedNamespaces: ['till'] }, 'Uncovered'],
  ['of all but this', { excludedNamespaces: ['s?op'] }, 'Uncovered'],
  ['of some types', { includedResources: ['secrets'] }, 'Uncovered'],
  ['of the newer filters', { includedNamespaceScopedResources: ['pods'] }, 'Uncovered'],
  ['with a label', { labelSelector: { matchLabels: { a: 'b' } } }, 'Uncovered'],
  ['with labels', { orLabelSelectors: [{ matchLabels: { a: 'b' } }] }, 'Uncovered'],
])('a backup counts when it takes the namespace as a whole: %s', (_name, fields, protection) => {
  expect(look([backup(1, fields)])[0]).toBe(protection);
  expect(look([backup(1)], [schedule('s', 24, fields)])[2]).toBe(
    protection === 'Covered' ? 's' : undefined,
  );
});

test('a namespace that was made after a backup is not in it', () => {
  const young = { name: 'shop', createdMs: NOW_MS - HOUR_MS };
  const found = { backups: [backup(2)], schedules: [], nowMs: NOW_MS };
  expect(protectionOf(young, found)).toEqual({ protection: 'Uncovered' });
});
