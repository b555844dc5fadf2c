import { randomUUID } from 'node:crypto';

import { recordTime } from '../../domain/duration.ts';
import type { ScheduleSpec, StoredSchedule } from '../../domain/schedules/schedule.ts';

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
