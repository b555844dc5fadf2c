import type { StoredSchedule } from '../../domain/schedules/schedule.ts';
import { longestPauseMs } from '../schedules/longest-pause.ts';
import type { Metrics } from './registry.ts';
import type { ScheduleLabels } from './schedule-labels.ts';

const MS_PER_SECOND = 1000;

/** The metrics of the schedules that locations have. */
export class ScheduleMetrics {
  readonly #labels: ScheduleLabels;
  readonly #kept = new Map<string, readonly StoredSchedule[]>();
  /** By the uid and generation of a schedule: to find it takes a while where times are close together. */
  #pauses: ReadonlyMap<string, number | undefined> = new Map();
  readonly #gauges;

  constructor(metrics: Metrics, labels: ScheduleLabels) {
    this.#labels = labels;
    const gauge = (name: string, help: string) =>
      metrics.gauge({ name, help, labels: ['schedule'] });
    const interval = 'Longest time between two neighbouring times of a schedule, in seconds.';
    this.#gauges = {
      interval: gauge('holdfast_schedule_interval_seconds', interval),
      velero: gauge('velero_schedule_expected_interval_seconds', interval),
      paused: gauge('holdfast_schedule_paused', '1 for a schedule that is paused, else 0.'),
      created: gauge(
        'holdfast_schedule_created_timestamp_seconds',
        'When a schedule was made, since 1970.',
      ),
    };
  }

  /** What a location has now. */
  update(location: string, schedules: readonly StoredSchedule[]): void {
    this.#kept.set(location, schedules);
    const all = [...this.#kept.values()].flat();
    this.#pauses = new Map(all.map((schedule) => [idOf(schedule), this.#pauseOf(schedule)]));
    Object.values(this.#gauges).forEach((gauge) => {
      gauge.reset();
    });
    for (const stored of all) {
      const schedule = this.#labels.of(stored.name);
      const pauseMs = this.#pauses.get(idOf(stored));
      if (pauseMs !== undefined) {
        this.#gauges.interval.set({ schedule }, pauseMs / MS_PER_SECOND);
        this.#gauges.velero.set({ schedule }, pauseMs / MS_PER_SECOND);
      }
      this.#gauges.paused.set({ schedule }, stored.spec.paused ? 1 : 0);
      const createdMs = Date.parse(stored.creationTimestamp);
      this.#gauges.created.set({ schedule }, createdMs / MS_PER_SECOND);
    }
  }

  /** Forgets the locations that are not among these. */
  keepOnly(locations: ReadonlySet<string>): void {
    for (const location of this.#kept.keys()) {
      if (!locations.has(location)) {
        this.#kept.delete(location);
      }
    }
  }

  #pauseOf(stored: StoredSchedule): number | undefined {
    const { schedule, timeZone } = stored.spec;
    const id = idOf(stored);
    return this.#pauses.has(id)
      ? this.#pauses.get(id)
      : longestPauseMs(schedule, timeZone, Date.now());
  }
}

function idOf({ uid, generation }: StoredSchedule): string {
  return `${uid}/${String(generation)}`;
}
