import {
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  type ScheduleUpdateOptions,
} from '@temporalio/client';

import { durationMs } from '../../domain/duration.ts';
import { scheduleDetails } from '../../domain/run-details.ts';
import type { OverlapPolicy, StoredSchedule } from '../../domain/schedules/schedule.ts';
import { WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import {
  SCHEDULED_BACKUP_WORKFLOW,
  type ScheduledBackupInput,
  SEARCH_ATTRIBUTES,
} from '../../workflows/contract.ts';
import type { RunSources } from '../runs/live.ts';
import { specDigest } from '../runs/spec.ts';
import { scheduleTimes } from './schedule-times.ts';

/** Temporal's words for what becomes of times at which an earlier backup runs. */
export const OVERLAP: Readonly<Record<OverlapPolicy, ScheduleOverlapPolicy>> = {
  Skip: ScheduleOverlapPolicy.SKIP,
  BufferOne: ScheduleOverlapPolicy.BUFFER_ONE,
  BufferAll: ScheduleOverlapPolicy.BUFFER_ALL,
  CancelOther: ScheduleOverlapPolicy.CANCEL_OTHER,
  AllowAll: ScheduleOverlapPolicy.ALLOW_ALL,
};
const PREFIX = 'schedule/';

type TemporalSchedule = Omit<ScheduleOptions, 'scheduleId' | 'memo'>;

/** The id of a schedule in Temporal, and what the ids of its workflows begin with. */
export function scheduleId(name: string): string {
  return `${PREFIX}${name}`;
}

/** A schedule as Temporal keeps it. Its text has been read before. */
export function temporalSchedule(
  stored: StoredSchedule,
  {
    patienceMs,
    publicUrl,
    hasAttributes,
  }: Pick<RunSources, 'patienceMs' | 'publicUrl'> & { readonly hasAttributes: boolean },
): TemporalSchedule & ScheduleUpdateOptions {
  const { name, spec } = stored;
  const found = scheduleTimes(spec.schedule, undefined);
  const times = 'times' in found ? found.times : {};
  const template = { ...spec.template, scheduleName: name };
  const input: ScheduledBackupInput = {
    stored,
    specDigest: specDigest(template),
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
  const { cluster } = spec.template;
  return {
    spec: { ...times, timezone: spec.timeZone, jitter: durationMs(spec.jitter) ?? 0 },
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_BACKUP_WORKFLOW,
      workflowId: scheduleId(name),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      staticSummary: `Schedule ${name} of cluster ${cluster}`,
      staticDetails: scheduleDetails(stored, publicUrl),
      ...(hasAttributes
        ? {
            typedSearchAttributes: [
              { key: SEARCH_ATTRIBUTES.kind, value: 'Schedule' },
              { key: SEARCH_ATTRIBUTES.name, value: name },
              { key: SEARCH_ATTRIBUTES.cluster, value: cluster },
            ],
          }
        : {}),
    },
    policies: {
      overlap: OVERLAP[spec.overlapPolicy],
      catchupWindow: durationMs(spec.catchupWindow) ?? 0,
    },
    state: { paused: spec.paused, ...(spec.note === undefined ? {} : { note: spec.note }) },
  };
}
