import { expect, test } from 'vitest';

import { Metrics } from '../../../api/metrics/registry.ts';
import { RunMetrics } from '../../../api/metrics/run-metrics.ts';
import { ScheduleLabels } from '../../../api/metrics/schedule-labels.ts';
import type { EndedRun } from '../../../storage/ended-runs.ts';

// Goal: what is counted never goes down and never counts twice, whatever a location answers; what is held is told as it is.

const HOUR_MS = 3_600_000;

function run(uid: string, fields: Partial<EndedRun> = {}): EndedRun {
  return {
    ...{ uid, schedule: 'nightly', phase: 'Completed', startMs: 0, endMs: HOUR_MS },
    ...{ items: 7, errors: 0, warnings: 0, archiveBytes: 100, volumeBytes: 50 },
    ...{ hooks: { attempted: 0, failed: 0 }, ...fields },
  };
}

function open() {
  const metrics = new Metrics();
  const backups = new RunMetrics(metrics, 'Backup', new ScheduleLabels());
  return { backups, lines: () => linesOf(metrics) };
}

/** What a scrape shows, by name and labels. */
async function linesOf(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const text = await metrics.registry.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

const COMPLETED = 'schedule="nightly",phase="Completed"';

test('counters begin with what the location holds, and keep what is deleted', async () => {
  const { backups, lines } = open();
  backups.update('default', [run('a'), run('b')]);
  expect((await lines()).get(`holdfast_backups_total{${COMPLETED}}`)).toBe(2);

  backups.update('default', [run('b'), run('c')]);
  const after = await lines();
  expect(after.get(`holdfast_backups_total{${COMPLETED}}`)).toBe(3);
  expect(after.get(`holdfast_stored_backups{${COMPLETED}}`)).toBe(2);
  expect(after.get('velero_backup_success_total{schedule="nightly"}')).toBe(3);
  expect(after.get('velero_backup_attempt_total{schedule="nightly"}')).toBe(3);
  expect(after.get('velero_backup_total')).toBe(2);
  expect(after.get('holdfast_backup_duration_seconds_count{schedule="nightly"}')).toBe(3);
});

test('each location is counted by itself, and one that is gone is held no more', async () => {
  const { backups, lines } = open();
  backups.update('default', [run('a')]);
  backups.update('other', [run('b')]);
  backups.keepOnly(new Set(['default']));
  backups.update('default', [run('a')]);
  const after = await lines();
  expect(after.get(`holdfast_backups_total{${COMPLETED}}`)).toBe(2);
  expect(after.get(`holdfast_stored_backups{${COMPLETED}}`)).toBe(1);
});

test('the newest backup of a schedule is told, and when the newest good one ended', async () => {
  const { backups, lines } = open();
  backups.update('default', [
    run('c', { phase: 'Failed', endMs: 3 * HOUR_MS, errors: 2, items: 0 }),
    run('a', { endMs: HOUR_MS }),
    run('b', { endMs: 2 * HOUR_MS }),
  ]);
  expect(Object.fromEntries(await lines())).toMatchObject({
    'holdfast_backup_last_success_timestamp_seconds{schedule="nightly"}': 7200,
    'holdfast_backup_last_end_timestamp_seconds{schedule="nightly"}': 10_800,
    'holdfast_backup_last_errors{schedule="nightly"}': 2,
    'holdfast_backup_last_phase{schedule="nightly",phase="Failed"}': 1,
    [`holdfast_backup_last_phase{${COMPLETED}}`]: 0,
    'velero_backup_last_successful_timestamp{schedule="nightly"}': 7200,
    'velero_backup_last_status{schedule="nightly"}': 0,
    'velero_backup_items_errors{schedule="nightly"}': 2,
    'velero_backup_failure_total{schedule="nightly"}': 1,
  });
});

test('a schedule that has made nothing yet has counters, so that its first failure is an increase', async () => {
  const { backups, lines } = open();
  backups.know('weekly');
  const after = await lines();
  expect(after.get('holdfast_backups_total{schedule="weekly",phase="Failed"}')).toBe(0);
  expect(after.get('velero_backup_failure_total{schedule="weekly"}')).toBe(0);
});

test('a thousand schedules make no more series than five hundred and one do', async () => {
  const { backups, lines } = open();
  const many = Array.from({ length: 1000 }, (_, index) =>
    run(`u${String(index)}`, { schedule: `s${String(index)}` }),
  );
  backups.update('default', many);
  const after = await lines();
  const counted = [...after.keys()].filter((key) =>
    /^holdfast_stored_backups\{.*phase="Completed"/.test(key),
  );
  expect(counted).toHaveLength(501);
  expect(after.get('holdfast_stored_backups{schedule="_other",phase="Completed"}')).toBe(500);
});

test('hooks are counted by how they ended, and those that failed in the newest run are told', async () => {
  const { backups, lines } = open();
  backups.update('default', [
    run('a', { hooks: { attempted: 3, failed: 2 } }),
    run('b', { hooks: { attempted: 2, failed: 1 }, endMs: 2 * HOUR_MS }),
  ]);
  const found = await lines();
  const hooks = (outcome: string) =>
    found.get(`holdfast_backup_hooks_total{schedule="nightly",outcome="${outcome}"}`);
  expect([hooks('succeeded'), hooks('failed')]).toEqual([2, 3]);
  expect(found.get('holdfast_backup_last_failed_hooks{schedule="nightly"}')).toBe(1);
  backups.know('weekly');
  const known = (await lines()).get(
    'holdfast_backup_hooks_total{schedule="weekly",outcome="failed"}',
  );
  expect(known).toBe(0);
});
