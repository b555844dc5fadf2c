import {
  type Backfill,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
} from '@temporalio/client';

import type { OverlapPolicy, StoredSchedule } from '../../domain/schedules/schedule.ts';
import type { RunSources } from '../runs/live.ts';
import { isInvalidArgument, translated } from '../runs/temporal-errors.ts';
import { OVERLAP, scheduleId, temporalSchedule } from './temporal-schedule.ts';

const START_TIMEOUT_MS = 5000;

/** The schedules that Temporal acts on. All methods throw what Temporal throws, in our words. */
export class TemporalSchedules {
  readonly #sources: Pick<RunSources, 'temporal' | 'patienceMs' | 'publicUrl'>;
  #hasAttributes = true;

  constructor(sources: Pick<RunSources, 'temporal' | 'patienceMs' | 'publicUrl'>) {
    this.#sources = sources;
  }

  /** What Temporal knows of a schedule; undefined where it knows none. */
  async describe(name: string): Promise<ScheduleDescription | undefined> {
    try {
      return await this.#call(() => this.#handle(name).describe());
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Gives it a schedule that it does not know. */
  async start(stored: StoredSchedule): Promise<void> {
    const { client } = this.#sources.temporal;
    try {
      await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
        client.schedule.create({
          ...this.#schedule(stored),
          scheduleId: scheduleId(stored.name),
        }),
      );
    } catch (error) {
      if (error instanceof ScheduleAlreadyRunning) {
        // By the same request at the same time, or from before its file was lost.
        await this.update(stored);
        return;
      }
      if (this.#hasAttributes && isInvalidArgument(error)) {
        this.#hasAttributes = false;
        return this.start(stored);
      }
      throw translated(error);
    }
  }

  /** Tells it of a change. */
  update(stored: StoredSchedule): Promise<void> {
    return this.#call(() => this.#handle(stored.name).update(() => this.#schedule(stored)));
  }

  /** Starts a backup now. */
  trigger(name: string, overlap: OverlapPolicy): Promise<void> {
    return this.#call(() => this.#handle(name).trigger(OVERLAP[overlap]));
  }

  /** Makes the backups of times that are over. */
  backfill(
    name: string,
    times: Pick<Backfill, 'start' | 'end'>,
    overlap: OverlapPolicy,
  ): Promise<void> {
    return this.#call(() => this.#handle(name).backfill({ ...times, overlap: OVERLAP[overlap] }));
  }

  /** Ends what it does for a schedule. */
  delete(name: string): Promise<void> {
    return this.#call(() => this.#handle(name).delete());
  }

  #schedule(stored: StoredSchedule) {
    const { patienceMs, publicUrl } = this.#sources;
    const hasAttributes = this.#hasAttributes;
    return temporalSchedule(stored, { patienceMs, publicUrl, hasAttributes });
  }

  #call<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#sources.temporal.call(run);
  }

  #handle(name: string): ScheduleHandle {
    return this.#sources.temporal.client.schedule.getHandle(scheduleId(name));
  }
}
