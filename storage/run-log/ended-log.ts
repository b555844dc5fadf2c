import { CANCELLED_REASON } from '../../domain/phase.ts';
import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { failureEntry } from '../../domain/run-log/failure-entry.ts';
import type { LogLevel } from '../../domain/run-log/level.ts';
import { maskedText } from '../../domain/run-log/mask-text.ts';
import { phaseEntry } from '../../domain/run-log/phase-entry.ts';
import type { PhaseChange } from '../../domain/run-status.ts';
import type { StoredBackup, StoredRestore } from '../../domain/stored-run.ts';
import type { RunLogRecord } from './record-run-log.ts';

/** Something that is said of a run as a whole. */
export interface Said {
  readonly level: LogLevel;
  readonly message: string;
}

const OURS = { level: 'info', source: 'holdfast' } as const;

/** The log of a run that has ended, but for what its steps told. */
export function endedLog(
  keys: RunLogRecord['keys'],
  { kind, name, runUid, result, startTimestamp }: StoredBackup | StoredRestore,
  { phases = [], said = [] }: EndedMore,
): RunLogRecord {
  const step = kind === 'Backup' ? 'commit' : 'report';
  const begin: RunLogEntry = {
    ...{ ...OURS, time: withMs(startTimestamp), step: 'open', message: `${kind} started` },
  };
  const time = withMs(result?.completionTimestamp ?? startTimestamp);
  const lines = said.map(({ level, message }): RunLogEntry => ({
    ...{ ...OURS, time, step, level, message: maskedText(message) },
  }));
  return {
    keys,
    subject: { kind, name, runUid },
    between: [begin, ...phases.map(phaseEntry)],
    end: result === undefined ? lines : [...lines, ...endLines({ kind, step, result })],
  };
}

interface EndedMore {
  readonly phases?: readonly PhaseChange[] | undefined;
  readonly said?: readonly Said[];
}

interface Ended {
  readonly kind: 'Backup' | 'Restore';
  readonly step: string;
  readonly result: NonNullable<(StoredBackup | StoredRestore)['result']>;
}

/** How the run ended, and why if that was not as it should. */
function endLines({ kind, step, result }: Ended): RunLogEntry[] {
  const { completionTimestamp, phase, items, warnings, errors, failure } = result;
  const at = { time: withMs(completionTimestamp), step };
  const counts = `${String(items)} items, ${String(errors)} errors, ${String(warnings)} warnings`;
  return [
    ...(failure === undefined ? [] : [{ ...at, ...failureEntry(failure, 'error') }]),
    ...(phase === 'Cancelled'
      ? [{ ...at, ...OURS, level: 'error' as const, message: CANCELLED_REASON }]
      : []),
    { ...at, ...OURS, message: `${kind} ended: ${phase}, ${counts}`, phase },
  ];
}

/** Records have whole seconds, and lines of logs have not. */
function withMs(recordTime: string): string {
  return new Date(recordTime).toISOString();
}
