import type { BackupNotes } from '../../domain/backup-notes.ts';
import type { BackupProblems, BackupSpec } from '../../domain/backup.ts';
import type { CoverageReason, TypeCoverage } from '../../domain/coverage.ts';
import { coverageProblems, coverageReport } from '../../domain/coverage-report.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { VerifiedArchive } from '../../storage/format/verify-archive.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { VerifiedBackup } from '../contract.ts';
import { tellProblems } from '../run-log/activity-log.ts';
import { nothingSelected } from './check-request.ts';

export interface CoveredBackup {
  readonly name: string;
  readonly spec: BackupSpec;
  readonly plan: ExportPlan;
  readonly notes: BackupNotes;
  readonly verified: VerifiedArchive;
}

/**
 * Stores what the archive holds of what it should hold, and says which of the differences are problems. Throws
 * `nothing-selected` when that is nothing at all, unless plugins left out all that there was.
 */
export async function writeCoverage(
  store: ObjectStore,
  { name, spec, plan, notes, verified }: CoveredBackup,
): Promise<VerifiedBackup> {
  const captured = verified.itemsByType;
  const report = coverageReport({ spec, plan, notes, captured });
  const problems = coverageProblems(report, [plan.coverage.problems, notes.problems], plan);
  const isNothing = verified.proof.items === 0 && !report.types.some(isEmptiedByPlugins);
  if (isNothing && problems.errors.length === 0) {
    const { code, message, subject = '' } = nothingSelected();
    throw new Failure(code, message, { subject });
  }
  await writeJsonGz(store, backupKeys(name).coverage, report);
  tellProblems(without(problems, [plan.coverage.problems, notes.problems]));
  return { archive: verified.proof, problems };
}

/** Problems that are not among those that were told when they were met. */
function without(all: BackupProblems, known: readonly BackupProblems[]): BackupProblems {
  const keys = new Set(known.flatMap((one) => [...one.errors, ...one.warnings]).map(keyOf));
  const isNew = (report: FailureReport): boolean => !keys.has(keyOf(report));
  return { errors: all.errors.filter(isNew), warnings: all.warnings.filter(isNew) };
}

function keyOf({ code, message }: FailureReport): string {
  return `${code} ${message}`;
}

const BY_PLUGINS: ReadonlySet<CoverageReason> = new Set([
  ...(['plugin-skip', 'plugin-failed', 'plugin-late'] as const),
]);

/** Whether plugins left out objects of a type, which the request selects. */
function isEmptiedByPlugins({ leftOut = [] }: TypeCoverage): boolean {
  return leftOut.some(({ reason }) => BY_PLUGINS.has(reason));
}
