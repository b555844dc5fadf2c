import { randomUUID } from 'node:crypto';

import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { Precondition } from '../../domain/revision.ts';
import type { ScheduleSpec, StoredSchedule } from '../../domain/schedules/schedule.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { type ReadSchedule, writeSchedule } from '../../storage/schedule-files.ts';

/** A note that is not given again is none. */
export function withoutEmpty({
  note,
  ...spec
}: Omit<ScheduleSpec, 'note'> & { readonly note: string | undefined }): ScheduleSpec {
  return { ...spec, ...(note === undefined ? {} : { note }) };
}

/** A schedule that was not there before. */
export function newSchedule(name: string, spec: ScheduleSpec): StoredSchedule {
  return {
    ...{ version: 1, kind: 'Schedule', name, uid: randomUUID(), generation: 1 },
    creationTimestamp: recordTime(Date.now()),
    spec,
  };
}

/** What was read of a schedule before it is written, and what its change depends on. */
interface WriteBase {
  /** Undefined where there must be none. */
  readonly read: ReadSchedule | undefined;
  readonly precondition?: Precondition | undefined;
}

/**
 * Writes the next state of a schedule over the one that was read. Where somebody else was faster it throws
 * `precondition-failed` to who has named a condition, and `already-exists`.
 */
export async function writeOver(
  store: ObjectStore,
  stored: StoredSchedule,
  { read, precondition }: WriteBase,
): Promise<void> {
  try {
    await writeSchedule(store, stored, read?.version);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
    const text = `the schedule ${stored.name} was changed by somebody else; look at it, and send the request again`;
    throw precondition === undefined
      ? new Failure('already-exists', text, { subject: 'metadata.name', cause: error })
      : new Failure('precondition-failed', text, { subject: 'if-match', cause: error });
  }
}
