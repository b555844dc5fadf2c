/** Values of the label `schedule`; each makes some dozens of series. */
const SCHEDULES_MAX = 500;
/** No schedule has such a name. */
const OTHERS = '_other';

/** Names of schedules as values of a label: the first so many as they are, all others as one. */
export class ScheduleLabels {
  readonly #known = new Set<string>();

  of(schedule: string): string {
    if (this.#known.has(schedule)) {
      return schedule;
    }
    if (this.#known.size >= SCHEDULES_MAX) {
      return OTHERS;
    }
    this.#known.add(schedule);
    return schedule;
  }
}
