import { rm } from 'node:fs/promises';

import { afterEach, expect, test } from 'vitest';

import { Metrics } from '../../../api/metrics/registry.ts';
import { Observer } from '../../../api/metrics/observer.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { SCHEDULE_DEFAULTS, type StoredSchedule } from '../../../domain/schedules/schedule.ts';
import type { StorageLocation } from '../../../domain/storage-location.ts';
import { LocationSet } from '../../../storage/location-set.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { writeSchedule } from '../../../storage/schedule-files.ts';
import { openFolder } from '../../support/contents-api.ts';
import { storeBackupOf } from '../../support/stored-backup.ts';

// Goal: what a process tells after its start is what the locations hold and Temporal knows. Method: a look at folders and at
// the Temporal of the test bed, or at none.

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

async function folder() {
  const opened = await openFolder();
  closers.push(() => rm(opened.path, { recursive: true, force: true }));
  return opened;
}

interface Ways {
  readonly address?: string;
  readonly readOnly?: string;
  readonly others?: readonly StorageLocation[];
}

/** Nobody listens there. */
const AWAY: StorageLocation = {
  ...{ name: 'away', provider: 's3', bucket: 'away', prefix: '', region: 'us-east-1' },
  ...{ endpoint: 'http://127.0.0.1:9', isPathStyle: true },
};

/** An observer of folders, and what a scrape shows after its next look. */
function observe(
  paths: Readonly<Record<string, string>>,
  { address = TEMPORAL, readOnly, others = [] }: Ways = {},
) {
  const folders = Object.entries(paths).map(([name, path]) => ({
    ...({ name, provider: 'folder', path } as const),
    readOnly: name === readOnly,
  }));
  const fixed = [...folders, ...others];
  const locations = new LocationSet({ fixed });
  const temporal = new TemporalRuns(openTemporal({ address, connectTimeout: 1000 }), 'default');
  closers.push(() => temporal.close());
  const metrics = new Metrics();
  const store = (name: string): ObjectStore => locations.store(name);
  const observer = new Observer(metrics, { temporal, ownCluster: 'local', locations, store });
  return async (): Promise<string> => {
    await observer.look();
    return metrics.registry.metrics();
  };
}

const NIGHTLY: StoredSchedule = {
  ...{ version: 1, kind: 'Schedule', name: 'nightly', uid: 'u1', generation: 1 },
  creationTimestamp: '2026-01-01T00:00:00Z',
  spec: {
    ...SCHEDULE_DEFAULTS,
    ...{ schedule: '@daily', location: 'default', paused: true },
    template: {
      ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
    },
  },
};

test('the first look tells the backups and schedules that a location holds', async () => {
  const { path, store } = await folder();
  await storeBackupOf(store, 'b1', { spec: { scheduleName: 'nightly' } });
  await storeBackupOf(store, 'b2', { result: { phase: 'PartiallyFailed', archiveBytes: 41 } });
  await writeSchedule(store, NIGHTLY);
  const text = await observe({ default: path })();
  for (const line of [
    'holdfast_stored_backups{schedule="nightly",phase="Completed"} 1',
    'holdfast_stored_backups{schedule="",phase="PartiallyFailed"} 1',
    'holdfast_backups_total{schedule="nightly",phase="Completed"} 1',
    'holdfast_location_available{location="default"} 1',
    'holdfast_location_archive_bytes{location="default"} 42',
    'velero_backup_location_status_gauge{backup_location_name="default"} 1',
    'holdfast_schedule_interval_seconds{schedule="nightly"} 86400',
    'holdfast_schedule_paused{schedule="nightly"} 1',
    'holdfast_schedule_created_timestamp_seconds{schedule="nightly"} 1767225600',
    'holdfast_temporal_available 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^holdfast_running_runs\{kind="Backup"\} \d+$/m);
  expect(text).toMatch(/^holdfast_task_queue_workers\{role="workflows",cluster=""\} \d+$/m);
});

test('a location that is away is told, and keeps neither the others nor Temporal from it', async () => {
  const { path, store } = await folder();
  await storeBackupOf(store, 'b1', {});
  const text = await observe({ default: path }, { address: '127.0.0.1:1', others: [AWAY] })();
  expect(text).toContain('holdfast_location_available{location="away"} 0');
  expect(text).toContain('holdfast_location_available{location="default"} 1');
  expect(text).toContain('holdfast_stored_backups{schedule="",phase="Completed"} 1');
  expect(text).toContain('holdfast_temporal_available 0');
});

test('backups in a location that is only read are those of somebody else', async () => {
  const { path, store } = await folder();
  await storeBackupOf(store, 'b1', { spec: { scheduleName: 'nightly' } });
  await writeSchedule(store, NIGHTLY);
  const text = await observe({ archive: path }, { address: '127.0.0.1:1', readOnly: 'archive' })();
  expect(text).toContain('holdfast_location_available{location="archive"} 1');
  expect(text).not.toContain('nightly');
});

test('a location is not read again before a minute has passed', async () => {
  const { path, store } = await folder();
  const look = observe({ default: path }, { address: '127.0.0.1:1' });
  await look();
  await storeBackupOf(store, 'b1', {});
  expect(await look()).not.toContain('holdfast_stored_backups{');
});
