import { CancelledFailure } from '@temporalio/common';

import { fields } from '../../domain/fields.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { runWorkflowId } from '../../domain/workflow-id.ts';
import { tellRunLog, withActivityLog } from './activity-log.ts';
import type { RunLogs } from './run-logs.ts';
import type { RunLogWriter } from './run-log-writer.ts';

/** An attempt at an activity, as the worker knows it. */
export interface ActivityAttempt {
  readonly activityType: string;
  readonly attempt: number;
  readonly workflowId: string;
  readonly input: unknown;
  /** The node whose agent runs it. */
  readonly node?: string;
}

/** Steps that put the log together: what they tell must be stored before they begin. */
const LAST_STEPS: ReadonlySet<string> = new Set(['commitBackup', 'finishRestore']);
/** Steps that begin before the run has its name. */
const FIRST_STEPS: ReadonlySet<string> = new Set(['openBackup', 'openRestore']);
const CLEAN_STEPS: ReadonlySet<string> = new Set(['cleanBackup', 'cleanRestore']);
/** Numbers of a result that are told, in the words of the log. */
const COUNTS = [
  ...(['items', 'shards', 'volumes', 'batches', 'pods', 'files', 'bytes'] as const),
  ...(['linked', 'completed', 'failed', 'deferred'] as const),
] as const;

/** Runs an attempt, whose lines go into the log of its run if it is one of a run. */
export async function logActivity<Result>(
  logs: RunLogs,
  attempt: ActivityAttempt,
  run: () => Promise<Result>,
): Promise<Result> {
  const of = runOf(attempt);
  if (of === undefined) {
    return run();
  }
  if (isEndOfLog(attempt)) {
    await logs.close(of);
    return run();
  }
  const writer = logs.of(of);
  writer.enter();
  try {
    const result = await withActivityLog(logOf(attempt, writer), () => told(attempt, writer, run));
    if (LAST_STEPS.has(attempt.activityType)) {
      // The log is put together: what an attempt that was given up tells now would be left work.
      await logs.close(of);
    }
    return result;
  } finally {
    await writer.leave();
  }
}

function logOf({ activityType, attempt, node }: ActivityAttempt, writer: RunLogWriter) {
  return {
    ...{ step: activityType, attempt },
    take: (entry: Parameters<RunLogWriter['take']>[0]) => {
      writer.take(node === undefined ? entry : { ...entry, node });
    },
  };
}

/** What redacted failures say of themselves is told where they are redacted. */
async function told<Result>(
  { activityType, attempt }: ActivityAttempt,
  writer: RunLogWriter,
  run: () => Promise<Result>,
): Promise<Result> {
  if (LAST_STEPS.has(activityType)) {
    await writer.flush();
    return run();
  }
  if (!FIRST_STEPS.has(activityType)) {
    writer.open();
  }
  const again = attempt === 1 ? {} : { attempt };
  const line = { level: 'info', source: 'holdfast', ...again } as const;
  tellRunLog({ ...line, message: `${activityType} begins` });
  const startedAtMs = performance.now();
  try {
    const result = await run();
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    tellRunLog({ ...line, message: `${activityType} ends after ${seconds} s${countsOf(result)}` });
    endOpening(activityType, writer, result);
    return result;
  } catch (error) {
    if (error instanceof CancelledFailure) {
      tellRunLog({ ...line, message: `${activityType} is cancelled` });
    }
    throw error;
  }
}

/** A run that was refused leaves nothing. */
function endOpening(activityType: string, writer: RunLogWriter, result: unknown): void {
  if (!FIRST_STEPS.has(activityType)) {
    return;
  }
  if (fields(result)['kind'] === 'accepted') {
    writer.open();
  } else {
    writer.drop();
  }
}

/** The run of an activity; undefined where it is about no run, or about one that another workflow has to do with. */
function runOf({ workflowId, input }: ActivityAttempt): KindReference | undefined {
  const { location, name, runUid } = fields(input);
  if (typeof location !== 'string' || typeof name !== 'string' || typeof runUid !== 'string') {
    return undefined;
  }
  const kind = (['Backup', 'Restore'] as const).find((one) => {
    const id = runWorkflowId(one, { location, name });
    return workflowId === id || workflowId.startsWith(`${id}/`);
  });
  return kind && { kind, location, name, runUid };
}

/** Whether the files go with which the log is put together. */
function isEndOfLog({ activityType, input }: ActivityAttempt): boolean {
  return CLEAN_STEPS.has(activityType) && fields(input)['scope'] !== 'files';
}

/** The number of shards, or of a list of them what they have together. */
function sumOf(shards: unknown): Partial<Record<string, number>> {
  if (!Array.isArray(shards)) {
    return typeof shards === 'number' ? { shards } : {};
  }
  const sum = (name: string): number =>
    shards.reduce((total: number, shard) => total + Number(fields(shard)[name] ?? 0), 0);
  return { shards: shards.length, items: sum('items'), failed: sum('failed') };
}

function countsOf(result: unknown): string {
  const { archive, shards, ...own } = fields(result);
  const numbers = { ...fields(archive), ...sumOf(shards), ...own };
  const words = COUNTS.flatMap((name) =>
    typeof numbers[name] === 'number' ? [`${String(numbers[name])} ${name}`] : [],
  );
  return words.length === 0 ? '' : `: ${words.join(', ')}`;
}
