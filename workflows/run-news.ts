import { ActivityFailure, isCancellation, patched, workflowInfo } from '@temporalio/workflow';

import type { BackupSpec } from '../domain/backup.ts';
import { recordTime } from '../domain/duration.ts';
import type { FailureReport } from '../domain/failure.ts';
import {
  endedEvent,
  startedEvent,
  type ToldEnd,
  type ToldRun,
} from '../domain/notifications/event.ts';
import type { RestoreSpec } from '../domain/restore.ts';
import type { Opened } from './run-open.ts';
import { reportOf } from './run-tracker.ts';
import { tell } from './tell.ts';

/** Runs of earlier releases told nobody of anything. */
const TELLS_OF_OPENING = 'tells-of-failed-opening';

/** A run, as far as others are told of it. */
export type NewsOf =
  | {
      readonly kind: 'Backup';
      readonly location: string;
      readonly name: string;
      readonly spec: BackupSpec;
    }
  | {
      readonly kind: 'Restore';
      readonly location: string;
      readonly name: string;
      readonly spec: RestoreSpec;
    };

/**
 * Tells the notification endpoints of a run, by workflows of their own that the run starts and leaves alone. Where there
 * was no endpoint when the run was opened, nothing is started and the history has nothing of it. Nothing here fails.
 */
export interface RunNews {
  /** Opens the run, and tells that it has begun, or why it was not opened where nobody else waits for that answer. */
  opening(open: () => Promise<Opened>): Promise<void>;
  /** Ends the run, and tells how; also that its end could not be written. */
  ending<Result extends ToldEnd>(end: () => Promise<Result>): Promise<Result>;
}

/** The news of the workflow that calls it. */
export function newsOf(about: NewsOf, startTimestamp: string): RunNews {
  const run = toldRun(about, startTimestamp);
  let hasEndpoints = false;
  let started: Promise<void> | undefined;
  const tellFailure = (failure: FailureReport): Promise<void> =>
    tell(
      run.cluster,
      endedEvent(run, { phase: 'Failed', completionTimestamp: recordTime(Date.now()), failure }),
    );
  return {
    async opening(open) {
      try {
        ({ hasEndpoints = false } = await open());
      } catch (error) {
        if (isToldByNobody(error, run) && patched(TELLS_OF_OPENING)) {
          await tellFailure(reportOf(error));
        }
        throw error;
      }
      started = hasEndpoints ? tell(run.cluster, startedEvent(run)) : undefined;
    },
    async ending(end) {
      try {
        const result = await end();
        if (hasEndpoints) {
          await started;
          await tell(run.cluster, endedEvent(run, result));
        }
        return result;
      } catch (error) {
        if (hasEndpoints) {
          await started;
          await tellFailure(reportOf(error));
        }
        throw error;
      }
    },
  };
}

function toldRun(about: NewsOf, startTimestamp: string): ToldRun {
  const { kind, location, name, spec } = about;
  return {
    ...{ kind, location, name, startTimestamp, cluster: spec.cluster },
    uid: workflowInfo().runId,
    schedule: spec.scheduleName,
    backup: about.kind === 'Restore' ? about.spec.backupName : undefined,
  };
}

/** Who asks for a run is told that it was refused; of what a schedule starts, and of a step that failed, nobody may be. */
function isToldByNobody(error: unknown, { kind, schedule }: ToldRun): boolean {
  if (isCancellation(error)) {
    return false;
  }
  const isOfSchedule = kind === 'Backup' && schedule !== undefined;
  return (
    error instanceof ActivityFailure || (isOfSchedule && reportOf(error).code !== 'already-exists')
  );
}
