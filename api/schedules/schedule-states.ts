import { type ScheduleDescription, WorkflowNotFoundError } from '@temporalio/client';

import {
  API_VERSION,
  type ScheduleCounts,
  type ScheduledRun,
  type ScheduleResource,
  type ScheduleStatus,
} from '../../domain/api-resource.ts';
import { recordTime } from '../../domain/duration.ts';
import { fields } from '../../domain/fields.ts';
import { phaseOfRecord } from '../../domain/phase.ts';
import {
  isScheduledName,
  scheduledName,
  type StoredSchedule,
} from '../../domain/schedules/schedule.ts';
import {
  scheduleConditions,
  type ToldSchedule,
} from '../../domain/schedules/schedule-conditions.ts';
import { backupNames, readBackup } from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RunSources } from '../runs/live.ts';
import { scheduleId } from './temporal-schedule.ts';

/** Backups that are read in search of a good one. */
const READS_MAX = 50;

interface Kept {
  readonly stored: StoredSchedule;
  readonly description: ScheduleDescription | undefined;
}

/** What is known of schedules beside what was asked for: from Temporal, and from the backups that they made. */
export class ScheduleStates {
  readonly #sources: RunSources;

  constructor(sources: RunSources) {
    this.#sources = sources;
  }

  /** Schedules as a list shows them. The names of the backups of a location are read once. */
  async listed(kept: readonly Kept[]): Promise<ScheduleResource[]> {
    const names = new Map<string, Promise<string[]>>();
    return Promise.all(
      kept.map(async (one) => {
        const { location } = one.stored.spec;
        const store = this.#sources.store(location);
        const known = names.get(location) ?? backupNames(store);
        names.set(location, known);
        return this.#resource(one, await lastBackups(store, one.stored.name, await known));
      }),
    );
  }

  /** One schedule, with its last times. */
  async detailed(one: Kept): Promise<ScheduleResource> {
    const store = this.#sources.store(one.stored.spec.location);
    const [backups, recent] = await Promise.all([
      backupNames(store, `${one.stored.name}-`).then((names) =>
        lastBackups(store, one.stored.name, names),
      ),
      this.#recent(one),
    ]);
    return this.#resource(one, { ...backups, recent });
  }

  #resource({ stored, description }: Kept, known: Partial<ScheduleStatus>): ScheduleResource {
    const { name, uid, generation, creationTimestamp, deletionTimestamp, spec } = stored;
    const told = description && toldOf(description);
    return {
      ...{ apiVersion: API_VERSION, kind: 'Schedule' },
      metadata: {
        ...{ name, uid, generation, creationTimestamp, deletionTimestamp },
        ...spec.template.metadata,
      },
      spec,
      status: {
        phase: phaseOf(description),
        ...(told?.generation === undefined ? {} : { observedGeneration: told.generation }),
        conditions: scheduleConditions(stored, told),
        nextTimes: (description?.info.nextActionTimes ?? []).map(timeOf),
        counts: description === undefined ? NO_COUNTS : countsOf(description),
        ...known,
        temporal: this.#link(scheduleId(name)),
      },
    };
  }

  #link(id: string): NonNullable<ScheduleStatus['temporal']> {
    const { temporal, uiUrl } = this.#sources;
    const { namespace } = temporal;
    const path = `namespaces/${namespace}/schedules/${encodeURIComponent(id)}`;
    return {
      ...{ namespace, scheduleId: id },
      ...(uiUrl === undefined ? {} : { url: `${uiUrl}/${path}` }),
    };
  }

  async #recent({ stored, description }: Kept): Promise<ScheduledRun[]> {
    const actions = description?.info.recentActions ?? [];
    const runs = actions.map(async ({ scheduledAt, takenAt, action: { workflow } }) => {
      const { backup, phase } = await this.#outcome(workflow);
      return {
        scheduledTime: timeOf(scheduledAt),
        startTime: timeOf(takenAt),
        backup: backup ?? scheduledName(stored.name, scheduledAt.getTime()),
        phase,
      };
    });
    return (await Promise.all(runs)).reverse();
  }

  /** What one workflow of a schedule says in its memo, and how it closed. */
  async #outcome(workflow: {
    readonly workflowId: string;
    readonly firstExecutionRunId: string;
  }): Promise<Pick<ScheduledRun, 'phase'> & { readonly backup?: string }> {
    const { client } = this.#sources.temporal;
    try {
      const { status, memo } = await this.#sources.temporal.call(() =>
        client.workflow.getHandle(workflow.workflowId, workflow.firstExecutionRunId).describe(),
      );
      // It is written by the workflow alone.
      const said = memo as { backup?: string; phase?: ScheduledRun['phase'] } | undefined;
      const backup = said?.backup === undefined ? {} : { backup: said.backup };
      return { ...backup, phase: ENDS[status.name] ?? said?.phase ?? 'Unknown' };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return { phase: 'Unknown' };
      }
      throw error;
    }
  }
}

/** Of a workflow that has completed, the memo says more. */
const ENDS: Readonly<Record<string, ScheduledRun['phase']>> = {
  RUNNING: 'InProgress',
  FAILED: 'Failed',
  TIMED_OUT: 'Failed',
  CANCELLED: 'Cancelled',
  TERMINATED: 'Cancelled',
};

const NO_COUNTS: ScheduleCounts = { started: 0, skipped: 0, missed: 0, dropped: 0 };

function countsOf({ info, raw }: ScheduleDescription): ScheduleCounts {
  return {
    started: info.numActionsTaken,
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    dropped: Number(raw.info?.bufferDropped ?? 0),
  };
}

/** Temporal has the schedule as it was told, in the input of its workflows. */
function toldOf({ action, info, state }: ScheduleDescription): ToldSchedule {
  const generation = fields(fields(action.args?.[0])['stored'])['generation'];
  return {
    generation: typeof generation === 'number' ? generation : undefined,
    isPaused: state.paused,
    changedAt: timeOf(info.lastUpdatedAt ?? info.createdAt),
  };
}

function timeOf(date: Date): string {
  return recordTime(date.getTime());
}

function phaseOf(description: ScheduleDescription | undefined): ScheduleStatus['phase'] {
  if (description === undefined) {
    return 'Missing';
  }
  return description.state.paused ? 'Paused' : 'Enabled';
}

/** The newest backup of a schedule that has ended, and the newest that is Completed. */
async function lastBackups(
  store: ObjectStore,
  schedule: string,
  names: readonly string[],
): Promise<Pick<ScheduleStatus, 'lastBackup' | 'lastSuccess'>> {
  let lastBackup: ScheduleStatus['lastBackup'];
  const own = names.filter((name) => isScheduledName(schedule, name));
  for (const name of own.reverse().slice(0, READS_MAX)) {
    const record = (await readBackup(store, name))?.record;
    if (record === undefined) {
      continue;
    }
    const { phase, failureReason, completionTimestamp = '' } = record.status;
    lastBackup ??= { backup: name, phase: phaseOfRecord(phase, failureReason) };
    if (phase === 'Completed') {
      const ageMs = Date.now() - Date.parse(completionTimestamp);
      const ageSeconds = Math.max(0, Math.floor(ageMs / 1000));
      return { lastBackup, lastSuccess: { backup: name, completionTimestamp, ageSeconds } };
    }
  }
  return lastBackup === undefined ? {} : { lastBackup };
}
