import type { Counter, Gauge, Histogram } from 'prom-client';

import type { EndedRun } from '../../storage/ended-runs.ts';
import type { Metrics } from './registry.ts';
import type { ScheduleLabels } from './schedule-labels.ts';
import { VeleroCounts, veleroGauges } from './velero-names.ts';

/** From half a minute to four hours, as Velero's. */
const BUCKETS_SECONDS = [30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400];
const PHASES = ['Completed', 'PartiallyFailed', 'Failed', 'Cancelled'] as const;
const MS_PER_SECOND = 1000;

type RunKind = 'Backup' | 'Restore';
type BySchedule = Gauge<'schedule'>;

/** What is told of the newest run of each schedule. */
interface NewestGauges {
  readonly lastEnd: BySchedule;
  readonly lastSuccess: BySchedule;
  readonly items: BySchedule;
  readonly errors: BySchedule;
  readonly archiveBytes: BySchedule;
  readonly volumeBytes: BySchedule;
  readonly failedHooks: BySchedule;
  readonly lastPhase: Gauge<'schedule' | 'phase'>;
}

/**
 * The metrics of ended runs of one kind. Gauges say what the locations hold now. Counters begin with what they held at the
 * first look, since a process that starts has counted nothing, and count what has ended since: they never go down
 * while the process lives, whatever is deleted.
 */
export class RunMetrics {
  readonly #labels: ScheduleLabels;
  readonly #held = new Map<string, ReadonlyMap<string, EndedRun>>();
  readonly #stored: Gauge<'schedule' | 'phase'>;
  readonly #ended: Counter<'schedule' | 'phase'>;
  readonly #hooks: Counter<'schedule' | 'outcome'>;
  readonly #durations: Histogram<'schedule'>;
  readonly #newest: NewestGauges;
  readonly #velero: VeleroCounts;
  readonly #setVelero: ReturnType<typeof veleroGauges>;

  constructor(metrics: Metrics, kind: RunKind, labels: ScheduleLabels) {
    const run = kind.toLowerCase();
    this.#labels = labels;
    this.#stored = metrics.gauge({
      name: `holdfast_stored_${run}s`,
      help: `Ended ${run}s that the locations hold.`,
      labels: ['schedule', 'phase'],
    });
    this.#ended = metrics.counter({
      name: `holdfast_${run}s_total`,
      help: `Ended ${run}s: those that the locations held when the process began, and those since.`,
      labels: ['schedule', 'phase'],
    });
    this.#hooks = metrics.counter({
      name: `holdfast_${run}_hooks_total`,
      help: `Hooks of pods that were run, by how they ended; counted like holdfast_${run}s_total.`,
      labels: ['schedule', 'outcome'],
    });
    this.#durations = metrics.histogram({
      name: `holdfast_${run}_duration_seconds`,
      help: `Time from the start to the end of a ${run}, in seconds; counted like holdfast_${run}s_total.`,
      labels: ['schedule'],
      bucketsSeconds: BUCKETS_SECONDS,
    });
    this.#newest = newestGauges(metrics, run);
    this.#velero = new VeleroCounts(metrics, kind);
    this.#setVelero = veleroGauges(metrics, kind);
  }

  /** A schedule that has made nothing yet has counters too: an increase is seen from the first on. */
  know(schedule: string): void {
    const label = this.#labels.of(schedule);
    for (const phase of PHASES) {
      this.#ended.inc({ schedule: label, phase }, 0);
    }
    this.#hooks.inc({ schedule: label, outcome: 'succeeded' }, 0);
    this.#hooks.inc({ schedule: label, outcome: 'failed' }, 0);
    this.#velero.know(label);
  }

  /** What a location holds now. One that cannot be looked at holds what it held. */
  update(location: string, runs: readonly EndedRun[]): void {
    const before = this.#held.get(location);
    for (const run of runs) {
      if (before?.has(run.uid) !== true) {
        this.#count(run);
      }
    }
    this.#held.set(location, new Map(runs.map((run) => [run.uid, run])));
    this.#show();
  }

  /** Forgets the locations that are not among these. */
  keepOnly(locations: ReadonlySet<string>): void {
    for (const location of this.#held.keys()) {
      if (!locations.has(location)) {
        this.#held.delete(location);
      }
    }
  }

  #count(run: EndedRun): void {
    const schedule = this.#labels.of(run.schedule);
    this.know(run.schedule);
    this.#ended.inc({ schedule, phase: run.phase });
    const { attempted, failed } = run.hooks;
    this.#hooks.inc({ schedule, outcome: 'succeeded' }, attempted - failed);
    this.#hooks.inc({ schedule, outcome: 'failed' }, failed);
    this.#durations.observe({ schedule }, secondsOf(run));
    this.#velero.count(schedule, run);
  }

  #show(): void {
    const bySchedule = new Map<string, EndedRun[]>();
    for (const run of [...this.#held.values()].flatMap((runs) => [...runs.values()])) {
      const schedule = this.#labels.of(run.schedule);
      const known = bySchedule.get(schedule);
      if (known === undefined) {
        bySchedule.set(schedule, [run]);
      } else {
        known.push(run);
      }
    }
    this.#stored.reset();
    Object.values(this.#newest).forEach((gauge: Gauge) => {
      gauge.reset();
    });
    this.#setVelero(bySchedule);
    for (const [schedule, runs] of bySchedule) {
      for (const phase of PHASES) {
        this.#stored.set({ schedule, phase }, runs.filter((run) => run.phase === phase).length);
      }
      this.#showNewest(schedule, runs);
    }
  }

  #showNewest(schedule: string, runs: readonly EndedRun[]): void {
    const newest = newestOf(runs);
    const good = newestOf(runs.filter(({ phase }) => phase === 'Completed'));
    const { lastEnd, lastSuccess, items, errors, archiveBytes, volumeBytes } = this.#newest;
    const { failedHooks, lastPhase } = this.#newest;
    if (good !== undefined) {
      lastSuccess.set({ schedule }, good.endMs / MS_PER_SECOND);
    }
    if (newest === undefined) {
      return;
    }
    lastEnd.set({ schedule }, newest.endMs / MS_PER_SECOND);
    items.set({ schedule }, newest.items);
    errors.set({ schedule }, newest.errors);
    archiveBytes.set({ schedule }, newest.archiveBytes);
    volumeBytes.set({ schedule }, newest.volumeBytes);
    failedHooks.set({ schedule }, newest.hooks.failed);
    for (const phase of PHASES) {
      lastPhase.set({ schedule, phase }, newest.phase === phase ? 1 : 0);
    }
  }
}

function newestGauges(metrics: Metrics, run: string): NewestGauges {
  const gauge = (what: string, help: string): BySchedule =>
    metrics.gauge({ name: `holdfast_${run}_${what}`, help, labels: ['schedule'] });
  return {
    lastEnd: gauge('last_end_timestamp_seconds', `When the newest ${run} ended, since 1970.`),
    lastSuccess: gauge(
      'last_success_timestamp_seconds',
      `When the newest ${run} that is Completed ended, since 1970.`,
    ),
    items: gauge('last_items', `Objects of the newest ${run}.`),
    errors: gauge('last_errors', `Errors of the newest ${run}.`),
    archiveBytes: gauge('last_archive_bytes', `Size of the archive of the newest ${run}.`),
    volumeBytes: gauge('last_volume_bytes', `Data of volumes of the newest ${run}.`),
    failedHooks: gauge('last_failed_hooks', `Hooks of pods that failed in the newest ${run}.`),
    lastPhase: metrics.gauge({
      name: `holdfast_${run}_last_phase`,
      help: `1 for the phase of the newest ${run}, 0 for the others.`,
      labels: ['schedule', 'phase'],
    }),
  };
}

function newestOf(runs: readonly EndedRun[]): EndedRun | undefined {
  return runs.reduce<EndedRun | undefined>(
    (newest, run) => (newest === undefined || run.endMs > newest.endMs ? run : newest),
    undefined,
  );
}

function secondsOf({ startMs, endMs }: EndedRun): number {
  return Math.max(0, endMs - startMs) / MS_PER_SECOND;
}
