import type { CoverageReport } from '../../domain/coverage.ts';
import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** The layout of the report that is read. */
const VERSION: CoverageReport['version'] = 1;

/**
 * What was noted when a backup was made. Throws `object-missing` when nothing was, `unsupported-format`, and
 * `archive-mismatch` when it is damaged.
 */
export async function readCoverage(store: ObjectStore, name: string): Promise<CoverageReport> {
  const { coverage: key } = backupKeys(name);
  const report = await readJsonGz(store, key).catch((error: unknown) => {
    throw error instanceof Failure && error.code === 'object-missing'
      ? notNoted(name, error)
      : error;
  });
  if (fields(report)['version'] !== VERSION) {
    const text = `${key} is not a report that this version reads`;
    throw new Failure('unsupported-format', text, { subject: key });
  }
  // It was written by a run of ours, in this layout.
  return report as CoverageReport;
}

function notNoted(name: string, cause: Failure): Failure {
  const text = `the backup ${name} has no report of its coverage: Velero or an earlier Holdfast made it`;
  return new Failure('object-missing', text, { subject: backupKeys(name).coverage, cause });
}
