import { type BackupProblems, joinProblems } from '../backup.ts';
import { volumeGaps } from '../coverage-report.ts';
import type { CoverageReason, CoverageReport, VolumeCoverage } from '../coverage.ts';
import type { FailureReport } from '../failure.ts';
import { type CopyRecord, sizeOfCopy } from './copy-record.ts';
import { volumeName } from './volume-name.ts';
import type { PlannedVolume } from './volume-plan.ts';

/** How the copy of a planned volume ended. */
export type CopyEnd =
  | {
      readonly kind: 'copied';
      readonly record: CopyRecord;
      /** Whether a hook that may fail did, so that the copy need not be consistent. */
      readonly isExcused?: boolean;
    }
  | { readonly kind: 'failed'; readonly volume: PlannedVolume; readonly failure: FailureReport };

/** The coverage of a backup with the ends of its copies, and what is a problem of the backup because of them. */
export function withCopies(
  report: CoverageReport,
  ends: readonly CopyEnd[],
): { readonly report: CoverageReport; readonly problems: BackupProblems } {
  const byName = new Map(ends.map((end) => [volumeName(volumeOf(end)), end]));
  const items = report.volumes.items.map((row) =>
    isAwaited(row) ? endedRow(row, byName.get(volumeName(row))) : row,
  );
  const leftOut = new Map(Object.entries(report.volumes.leftOut));
  for (const row of report.volumes.items.filter(isAwaited)) {
    leftOut.set(row.reason, (leftOut.get(row.reason) ?? 0) - 1);
  }
  for (const { reason } of items.filter((_, index) => isAwaited(report.volumes.items[index]))) {
    if (reason !== undefined) {
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    }
  }
  const volumes = {
    captured: items.filter(({ reason }) => reason === undefined).length,
    items,
    leftOut: Object.fromEntries([...leftOut].filter(([, count]) => count > 0)),
  };
  const ended = { ...report, volumes };
  return { report: ended, problems: problemsOf(ended, ends) };
}

function volumeOf(end: CopyEnd): PlannedVolume {
  return end.kind === 'copied' ? end.record : end.volume;
}

type AwaitedRow = VolumeCoverage & { readonly reason: 'not-copied' };

/** Whether a row stands for a volume that is copied from its file system. */
function isAwaited(row: VolumeCoverage | undefined): row is AwaitedRow {
  return row?.action === 'fs-backup' && row.reason === 'not-copied';
}

function endedRow(row: AwaitedRow, end: CopyEnd | undefined): VolumeCoverage {
  if (end?.kind === 'copied') {
    const { copy, proof, isHeld } = end.record;
    const copied: { reason?: CoverageReason } & Omit<VolumeCoverage, 'reason'> = {
      ...row,
      copy: {
        outcome: copy.outcome,
        ...sizeOfCopy(end.record),
        level: proof.level,
        ...(isHeld === undefined ? {} : { isHeld }),
      },
    };
    delete copied.reason;
    return copied;
  }
  const reason: CoverageReason = end === undefined ? 'chosen-later' : 'copy-failed';
  return { ...row, reason };
}

function problemsOf(report: CoverageReport, ends: readonly CopyEnd[]): BackupProblems {
  const records = ends.flatMap((end) => (end.kind === 'copied' ? [end.record] : []));
  const failures = ends.flatMap((end) => (end.kind === 'failed' ? [failureOf(end)] : []));
  return joinProblems([
    {
      // Each copy that failed tells why; their number says nothing more.
      errors: [
        ...failures,
        ...records.flatMap(incomplete),
        ...inconsistent(ends, false),
        ...volumeGaps(report).filter(({ subject }) => subject !== FAILED_GAP),
      ],
      warnings: [
        ...records.filter(({ proof }) => proof.hasShrunk).map(shrunk),
        ...inconsistent(ends, true),
      ],
    },
  ]);
}

const FAILED_GAP = 'volumes: copy-failed';

function failureOf({ volume, failure }: Extract<CopyEnd, { kind: 'failed' }>): FailureReport {
  const name = volumeName(volume);
  return {
    code: failure.code,
    message: `the volume ${name} was not copied: ${failure.message}`,
    subject: `volume ${name}`,
  };
}

/** Copies that are not as the hooks of their pods should have made them, those alone that are excused or those that are not. */
function inconsistent(ends: readonly CopyEnd[], areExcused: boolean): FailureReport[] {
  return ends.flatMap((end): FailureReport[] => {
    if (end.kind !== 'copied' || end.record.isHeld !== false) {
      return [];
    }
    const { record, isExcused = false } = end;
    const name = volumeName(record);
    const why = isExcused
      ? 'a pre hook of its pod failed, which may fail'
      : 'nobody knows that its pod was frozen until it had ended, as it was thawed before, another one took its place, or the thaw failed';
    return isExcused === areExcused
      ? [
          {
            code: 'volume-not-consistent',
            message: `the copy of the volume ${name} is not consistent: ${why}`,
            subject: `volume ${name}: consistency`,
          },
        ]
      : [];
  });
}

function shrunk(record: CopyRecord): FailureReport {
  const name = volumeName(record);
  const { files, bytes } = sizeOfCopy(record);
  const { parent } = record.copy;
  const before = `${String(parent?.files ?? 0)} files of ${String(parent?.bytes ?? 0)} bytes`;
  return {
    code: 'volume-shrank',
    message: `the volume ${name} has ${String(files)} files of ${String(bytes)} bytes, and had ${before} when it was copied before; see whether that was meant`,
    subject: `volume ${name}: shrank`,
  };
}

function incomplete(record: CopyRecord): FailureReport[] {
  const { copy } = record;
  if (copy.outcome !== 'Incomplete') {
    return [];
  }
  const files = copy.errorCount === 1 ? '1 file' : `${String(copy.errorCount)} files`;
  return [
    {
      code: 'volume-incomplete',
      message: `${files} of the volume ${volumeName(record)} could not be read; the backup's volumes file names them`,
      subject: `volume ${volumeName(record)}`,
    },
  ];
}
