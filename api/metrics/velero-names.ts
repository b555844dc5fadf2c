import type { Counter, Histogram } from 'prom-client';

import type { EndPhase } from '../../domain/phase.ts';
import type { EndedRun } from '../../storage/ended-runs.ts';
import type { Metrics } from './registry.ts';

type RunKind = 'Backup' | 'Restore';

/** Velero's buckets. */
const BUCKETS_SECONDS = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400];
const MS_PER_SECOND = 1000;

/** Velero's word for each end; one that was cancelled is a failure in its record too. */
const OUTCOMES = {
  Backup: {
    Completed: 'success_total',
    PartiallyFailed: 'partial_failure_total',
    Failed: 'failure_total',
    Cancelled: 'failure_total',
  },
  Restore: {
    Completed: 'success_total',
    PartiallyFailed: 'partial_failure_total',
    Failed: 'failed_total',
    Cancelled: 'failed_total',
  },
} as const satisfies Record<RunKind, Record<EndPhase, string>>;

/** The counters that dashboards and alerts of Velero read. An attempt is counted when it has ended. */
export class VeleroCounts {
  readonly #outcomes: ReadonlyMap<string, Counter<'schedule'>>;
  readonly #attempts: Counter<'schedule'>;
  readonly #warnings: Counter<'schedule'> | undefined;
  readonly #durations: Histogram<'schedule'> | undefined;
  readonly #outcomeOf: Readonly<Record<EndPhase, string>>;

  constructor(metrics: Metrics, kind: RunKind) {
    const prefix = `velero_${kind.toLowerCase()}`;
    const counter = (what: string, help: string): Counter<'schedule'> =>
      metrics.counter({ name: `${prefix}_${what}`, help, labels: ['schedule'] });
    this.#outcomeOf = OUTCOMES[kind];
    this.#outcomes = new Map(
      [...new Set(Object.values(OUTCOMES[kind]))].map((outcome) => [
        outcome,
        counter(outcome, `Ended ${kind.toLowerCase()}s, by their outcome.`),
      ]),
    );
    this.#attempts = counter('attempt_total', `Ended ${kind.toLowerCase()}s.`);
    if (kind === 'Backup') {
      this.#warnings = counter('warning_total', 'Ended backups with warnings.');
      this.#durations = metrics.histogram({
        name: `${prefix}_duration_seconds`,
        help: 'Time from the start to the end of a backup, in seconds.',
        labels: ['schedule'],
        bucketsSeconds: BUCKETS_SECONDS,
      });
    }
  }

  know(schedule: string): void {
    for (const counter of [...this.#outcomes.values(), this.#attempts, this.#warnings]) {
      counter?.inc({ schedule }, 0);
    }
  }

  count(schedule: string, { phase, warnings, startMs, endMs }: EndedRun): void {
    this.#attempts.inc({ schedule });
    this.#outcomes.get(this.#outcomeOf[phase])?.inc({ schedule });
    this.#durations?.observe({ schedule }, Math.max(0, endMs - startMs) / MS_PER_SECOND);
    if (warnings > 0) {
      this.#warnings?.inc({ schedule });
    }
  }
}

type RunsBySchedule = ReadonlyMap<string, readonly EndedRun[]>;

/** The gauges that they read: gives how to set them. `…_total` is one of them, as in Velero: what there is now. */
export function veleroGauges(metrics: Metrics, kind: RunKind): (runs: RunsBySchedule) => void {
  const run = kind.toLowerCase();
  const total = metrics.gauge({
    ...{ name: `velero_${run}_total`, help: `Ended ${run}s that the locations hold.`, labels: [] },
  });
  const newest = kind === 'Backup' ? newestBackup(metrics) : undefined;
  return (bySchedule) => {
    total.set([...bySchedule.values()].reduce((sum, runs) => sum + runs.length, 0));
    newest?.(bySchedule);
  };
}

function newestBackup(metrics: Metrics): (runs: RunsBySchedule) => void {
  const gauge = (name: string, help: string) =>
    metrics.gauge({ name: `velero_backup_${name}`, help, labels: ['schedule'] });
  const success = gauge('last_successful_timestamp', 'When the newest good backup ended.');
  const shown = {
    tarball_size_bytes: (run: EndedRun) => run.archiveBytes,
    items_total: (run: EndedRun) => run.items,
    items_errors: (run: EndedRun) => run.errors,
    last_status: (run: EndedRun) => (run.phase === 'Completed' ? 1 : 0),
  };
  const gauges = Object.entries(shown).map(([name, of]) => ({
    gauge: gauge(name, `Of the newest backup: ${name.replaceAll('_', ' ')}.`),
    of,
  }));
  return (bySchedule) => {
    [success, ...gauges.map((one) => one.gauge)].forEach((one) => {
      one.reset();
    });
    for (const [schedule, runs] of bySchedule) {
      const sorted = [...runs].sort((left, right) => left.endMs - right.endMs);
      const [last, good] = [sorted.at(-1), sorted.findLast(({ phase }) => phase === 'Completed')];
      if (good !== undefined) {
        success.set({ schedule }, good.endMs / MS_PER_SECOND);
      }
      gauges.forEach((one) => {
        one.gauge.set({ schedule }, last === undefined ? 0 : one.of(last));
      });
    }
  };
}
