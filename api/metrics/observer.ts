import type { Gauge } from 'prom-client';

import { PROTECTIONS, protectionOf } from '../../domain/protection.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { endedBackupRuns, endedRestoreRuns } from '../../storage/ended-runs.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { storedSchedules } from '../../storage/schedule-files.ts';
import type { ProtectionLook } from '../namespaces/look.ts';
import { BACKUPS, RESTORES } from '../runs/kinds.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { taskQueueStatus } from '../status/temporal-status.ts';
import type { Metrics } from './registry.ts';
import { RunMetrics } from './run-metrics.ts';
import { ScheduleLabels } from './schedule-labels.ts';
import { ScheduleMetrics } from './schedule-metrics.ts';

/** How often Temporal and locations are looked at. */
const LOOK_MS = 60_000;
/** A look at a location that takes longer is not repeated before this many times as long have passed. */
const PAUSE_FACTOR = 20;
/** Backups, and restores, that are read of one location. */
const RUNS_MAX = 20_000;
const MS_PER_SECOND = 1000;

interface ObserverSources {
  readonly temporal: TemporalRuns;
  readonly ownCluster: string;
  readonly locations: LocationSet;
  /** Its stores should keep copies of records: each look reads all that has changed. */
  readonly store: (location: string) => ObjectStore;
  /** Left out without a cluster. */
  readonly protection?: ProtectionLook | undefined;
}

/**
 * Looks at locations and Temporal once a minute and keeps the metrics of what is there; a scrape asks neither. What does
 * not answer keeps the numbers that it had, and a gauge says that it is not available.
 */
export class Observer {
  readonly #sources: ObserverSources;
  readonly #backups: RunMetrics;
  readonly #restores: RunMetrics;
  readonly #schedules: ScheduleMetrics;
  readonly #gauges: InstallationGauges;
  /** When a location may be looked at again, as `performance.now` counts. */
  readonly #dueMs = new Map<string, number>();
  #namespacesDueMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(metrics: Metrics, sources: ObserverSources) {
    const labels = new ScheduleLabels();
    this.#sources = sources;
    this.#backups = new RunMetrics(metrics, 'Backup', labels);
    this.#restores = new RunMetrics(metrics, 'Restore', labels);
    this.#schedules = new ScheduleMetrics(metrics, labels);
    this.#gauges = installationGauges(metrics);
  }

  /** Looks at once, and then again and again until `stop`. */
  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at all that is due. Never fails: what does not answer is told by its gauge. */
  async look(): Promise<void> {
    const { locations } = this.#sources;
    await locations.freshen();
    const broken = locations.kept.flatMap(({ name, problem }) => (problem ? name : []));
    this.#keepOnly(new Set([...locations.all.map(({ name }) => name), ...broken]));
    broken.forEach((name) => {
      this.#showAvailable(name, false);
    });
    await Promise.all([
      this.#lookAtTemporal(),
      this.#lookAtNamespaces(),
      ...locations.all.map((location) => this.#lookAtLocation(location)),
    ]);
  }

  async #lookAtLocation(location: StorageLocation): Promise<void> {
    const { name } = location;
    const beganMs = performance.now();
    if (beganMs < (this.#dueMs.get(name) ?? 0)) {
      return;
    }
    // One that does not answer is not asked by every look.
    this.#dueMs.set(name, Infinity);
    try {
      await this.#read(location);
      this.#showAvailable(name, true);
      this.#gauges.read.set({ location: name }, Date.now() / MS_PER_SECOND);
    } catch {
      this.#showAvailable(name, false);
    }
    this.#dueMs.set(name, nextLook(beganMs));
  }

  /** Of a location that is read only, backups and schedules belong to somebody else; restores leave their records. */
  async #read({ name, readOnly = false }: StorageLocation): Promise<void> {
    const store = this.#sources.store(name);
    const schedules = readOnly ? [] : await storedSchedules(store);
    const backups = readOnly ? [] : await endedBackupRuns(store, RUNS_MAX);
    const restores = await endedRestoreRuns(store, RUNS_MAX);
    schedules.forEach((schedule) => {
      this.#backups.know(schedule.name);
    });
    this.#schedules.update(name, schedules);
    this.#backups.update(name, backups);
    this.#restores.update(name, restores);
    const bytes = backups.reduce((sum, { archiveBytes }) => sum + archiveBytes, 0);
    this.#gauges.archiveBytes.set({ location: name }, bytes);
  }

  /** What a look that cannot be taken would say is kept from the last one. */
  async #lookAtNamespaces(): Promise<void> {
    const beganMs = performance.now();
    if (beganMs < this.#namespacesDueMs) {
      return;
    }
    this.#namespacesDueMs = Infinity;
    try {
      const seen = await this.#sources.protection?.see();
      const nowMs = Date.now();
      const all = seen?.namespaces.map((one) => protectionOf(one, { ...seen, nowMs }).protection);
      for (const protection of all === undefined ? [] : PROTECTIONS) {
        const count = all?.filter((one) => one === protection).length ?? 0;
        this.#gauges.namespaces.set({ protection: protection.toLowerCase() }, count);
      }
    } catch {
      // The cluster does not answer, which `/readyz` tells.
    }
    this.#namespacesDueMs = nextLook(beganMs);
  }

  async #lookAtTemporal(): Promise<void> {
    const { temporal, ownCluster } = this.#sources;
    const { isTemporalAvailable, running, workers } = this.#gauges;
    try {
      for (const { kind, workflow } of [BACKUPS, RESTORES]) {
        const query = `WorkflowType = '${workflow}' AND ExecutionStatus = 'Running'`;
        const { count } = await temporal.call(() => temporal.client.workflow.count(query));
        running.set({ kind }, count);
      }
      isTemporalAvailable.set(1);
    } catch {
      isTemporalAvailable.set(0);
      return;
    }
    const queues = await taskQueueStatus(temporal, { ownCluster });
    workers.reset();
    for (const { role, cluster = '', workers: count } of queues) {
      if (count !== undefined && role !== 'plugin') {
        workers.inc({ role, cluster }, count);
      }
    }
  }

  #showAvailable(location: string, isAvailable: boolean): void {
    this.#gauges.available.set({ location }, isAvailable ? 1 : 0);
    // Velero's name for it.
    this.#gauges.veleroAvailable.set({ backup_location_name: location }, isAvailable ? 1 : 0);
  }

  #keepOnly(locations: ReadonlySet<string>): void {
    this.#backups.keepOnly(locations);
    this.#restores.keepOnly(locations);
    this.#schedules.keepOnly(locations);
    for (const location of this.#dueMs.keys()) {
      if (!locations.has(location)) {
        this.#dueMs.delete(location);
        const { available, veleroAvailable, read, archiveBytes } = this.#gauges;
        [available, read, archiveBytes].forEach((gauge) => {
          gauge.remove({ location });
        });
        veleroAvailable.remove({ backup_location_name: location });
      }
    }
  }
}

/** When something may be looked at again, of which a look has just ended. */
function nextLook(beganMs: number): number {
  const tookMs = performance.now() - beganMs;
  // A little less, so that the next look finds it due.
  return beganMs + Math.max(LOOK_MS * 0.9, tookMs * PAUSE_FACTOR);
}

interface InstallationGauges {
  readonly isTemporalAvailable: Gauge;
  readonly running: Gauge<'kind'>;
  readonly workers: Gauge<'role' | 'cluster'>;
  readonly available: Gauge<'location'>;
  readonly veleroAvailable: Gauge<'backup_location_name'>;
  readonly read: Gauge<'location'>;
  readonly archiveBytes: Gauge<'location'>;
  readonly namespaces: Gauge<'protection'>;
}

function installationGauges(metrics: Metrics): InstallationGauges {
  const ofLocation = (what: string, help: string): Gauge<'location'> =>
    metrics.gauge({ name: `holdfast_location_${what}`, help, labels: ['location'] });
  const answered = '1 for a storage location whose records could be read at the last look, else 0.';
  return {
    isTemporalAvailable: metrics.gauge({
      name: 'holdfast_temporal_available',
      help: '1 when Temporal answered the last look, else 0.',
      labels: [],
    }),
    running: metrics.gauge({
      name: 'holdfast_running_runs',
      help: 'Backups and restores whose workflow runs, by kind.',
      labels: ['kind'],
    }),
    workers: metrics.gauge({
      name: 'holdfast_task_queue_workers',
      help: 'Workers that have asked the task queues of a role and cluster for work within 75 s.',
      labels: ['role', 'cluster'],
    }),
    available: ofLocation('available', answered),
    veleroAvailable: metrics.gauge({
      name: 'velero_backup_location_status_gauge',
      help: answered,
      labels: ['backup_location_name'],
    }),
    read: ofLocation(
      'last_read_timestamp_seconds',
      'When the records of a storage location were last read, since 1970.',
    ),
    namespaces: metrics.gauge({
      name: 'holdfast_namespaces',
      help: "Namespaces of the API's own cluster, by how well they are protected: covered, stale, uncovered.",
      labels: ['protection'],
    }),
    archiveBytes: ofLocation('archive_bytes', 'Size of all archives of backups, without volumes.'),
  };
}
