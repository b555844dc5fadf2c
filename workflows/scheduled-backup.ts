import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';

import type { BackupResult } from '../domain/backup.ts';
import type { FailureReport } from '../domain/failure.ts';
import { runDetails } from '../domain/run-details.ts';
import { type ScheduledBackup, scheduledName } from '../domain/schedules/schedule.ts';
import { backupWorkflowId } from '../domain/workflow-id.ts';
import {
  BACKUP_WORKFLOW,
  type BackupInput,
  type RunMemo,
  type ScheduledBackupInput,
  SEARCH_ATTRIBUTES,
} from './contract.ts';
import { failureOf } from './failure.ts';
import { deleteExpired } from './expire-backups.ts';
import { reportOf } from './run-tracker.ts';

/** Set by the server for workflows that a schedule starts. */
const SCHEDULED_START = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
/** Histories from before it have a cancelled backup as a failure. */
const TELLS_CANCELLED = 'tells-cancelled';
/** Names that are tried for a backup that somebody has triggered. */
const NAMES_MAX = 10;

type BackupWorkflow = (input: BackupInput) => Promise<BackupResult>;

/**
 * What a schedule starts at each of its times: makes the backup under the name that follows from the time, waits for its
 * end, and deletes those before it that have had their time. The memo says which backup it is about, and how that ended.
 * Fails when the backup does; a backup that somebody cancelled is no failure, and deletes nothing. Cancelled, it cancels the
 * backup; terminated, it leaves the backup running.
 */
export async function scheduledBackup(input: ScheduledBackupInput): Promise<ScheduledBackup> {
  const { stored, patienceMs } = input;
  const { name: schedule, spec } = stored;
  const timeMs = scheduledTime();
  const names = namesOf(schedule, timeMs);
  for (const backup of names) {
    upsertMemo({ backup });
    setCurrentDetails(`Backup ${backup}`);
    const ended = await backUp(input, backup);
    if ('taken' in ended) {
      continue;
    }
    if (isCancelled(ended) && patched(TELLS_CANCELLED)) {
      upsertMemo({ backup, phase: 'Cancelled' });
      setCurrentDetails(`Backup ${backup} was cancelled`);
      return { backup, phase: 'Cancelled' };
    }
    const phase = goodPhase(backup, ended);
    upsertMemo({ backup, phase });
    setCurrentDetails(`Backup ${backup} is ${phase}; deleting those that have had their time`);
    await deleteExpired({
      cluster: spec.template.cluster,
      schedule: { location: spec.location, name: schedule },
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    return { backup, phase };
  }
  upsertMemo({ phase: 'Skipped' });
  return { backup: names.at(-1) ?? '', phase: 'Skipped' };
}

function isCancelled(ended: UntakenEnd): boolean {
  return 'result' in ended ? ended.result.phase === 'Cancelled' : ended.isCancelled;
}

/** How a backup ended well. Throws why it did not. */
function goodPhase(backup: string, ended: UntakenEnd): 'Completed' | 'PartiallyFailed' {
  if ('failure' in ended) {
    throw failureOf(ended.failure);
  }
  const { phase, failure } = ended.result;
  if (phase === 'Completed' || phase === 'PartiallyFailed') {
    return phase;
  }
  const why = failure === undefined ? '' : `: ${failure.message}`;
  const message = `the backup ${backup} is ${phase}${why}`;
  throw failureOf({ code: failure?.code ?? 'internal', message, subject: backup });
}

/** When the backup was to be made; the present for a workflow that no schedule has started. */
function scheduledTime(): number {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return (typedSearchAttributes.get(SCHEDULED_START) ?? startTime).getTime();
}

/**
 * A time of the schedule has whole seconds, and its name stands for it: one that is taken was made before, as by a backfill
 * that is repeated. A trigger comes at any time, and two may fall into one second.
 */
function namesOf(schedule: string, timeMs: number): string[] {
  const name = scheduledName(schedule, timeMs);
  return timeMs % 1000 === 0
    ? [name]
    : [
        name,
        ...Array.from({ length: NAMES_MAX - 1 }, (_, index) => `${name}-${String(index + 2)}`),
      ];
}

type UntakenEnd =
  | { readonly result: BackupResult }
  /** Of a backup that was not opened; cancelled before that, or refused. */
  | { readonly failure: FailureReport; readonly isCancelled: boolean };
type Ended = UntakenEnd | { readonly taken: true };

async function backUp(
  { stored, specDigest, patienceMs, publicUrl }: ScheduledBackupInput,
  name: string,
): Promise<Ended> {
  const { location, template } = stored.spec;
  const { cluster } = template;
  const spec = { ...template, scheduleName: stored.name };
  const memo: RunMemo = { specDigest, spec };
  try {
    const child = await startChild<BackupWorkflow>(BACKUP_WORKFLOW, {
      workflowId: backupWorkflowId({ location, name }),
      args: [
        { location, name, spec, specDigest, ...(patienceMs === undefined ? {} : { patienceMs }) },
      ],
      memo: { ...memo },
      staticSummary: `Backup ${name} of cluster ${cluster}`,
      staticDetails: runDetails({
        ...{ kind: 'Backup', location, name, spec, publicUrl },
        by: `schedule ${stored.name}`,
      }),
      ...attributesOf(name, cluster),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    return { result: await child.result() };
  } catch (error) {
    if (isTaken(error)) {
      return { taken: true };
    }
    if (error instanceof Error && error.name === 'ChildWorkflowFailure') {
      const failure = reportOf(error);
      return failure.code === 'already-exists'
        ? { taken: true }
        : { failure, isCancelled: isCancellation(error) };
    }
    throw error;
  }
}

/** Whether a backup of the name runs. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
}

/** Written only where the server knows them, which is seen by those that the schedule has. */
function attributesOf(name: string, cluster: string) {
  const isKnown = workflowInfo().typedSearchAttributes.get(SEARCH_ATTRIBUTES.kind) !== undefined;
  return isKnown
    ? {
        typedSearchAttributes: [
          { key: SEARCH_ATTRIBUTES.kind, value: 'Backup' },
          { key: SEARCH_ATTRIBUTES.name, value: name },
          { key: SEARCH_ATTRIBUTES.cluster, value: cluster },
          { key: SEARCH_ATTRIBUTES.phase, value: 'New' },
        ],
      }
    : {};
}
