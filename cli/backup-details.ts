import type { RunResource } from '../domain/api-resource.ts';
import type { CoverageReport } from '../domain/coverage.ts';
import { isEndPhase } from '../domain/phase.ts';
import type { ApiClient } from './client/api-client.ts';
import { ProblemError } from './client/errors.ts';
import { coverageText } from './coverage-output.ts';
import { copiesText } from './volume-lines.ts';

/** What `describe --details` adds: the coverage of a backup, or why there is none. */
export type BackupDetails =
  | { readonly coverage: CoverageReport }
  | { readonly coverage: null; readonly coverageNote: string };

/** Asks for the details of a backup. One that has none to show is no failure of the command. */
export async function detailsOf(client: ApiClient, run: RunResource): Promise<BackupDetails> {
  if (!isEndPhase(run.status.phase)) {
    return { coverage: null, coverageNote: 'it is known when the backup has ended' };
  }
  try {
    return { coverage: await client.contents.coverage(run.metadata.name) };
  } catch (error) {
    if (error instanceof ProblemError && WITHOUT_COVERAGE.has(error.problem.code)) {
      return { coverage: null, coverageNote: error.problem.detail };
    }
    throw error;
  }
}

/** The volumes of an ended backup, for people; nothing where it has none. */
export async function copiesOf(client: ApiClient, run: RunResource): Promise<string> {
  const { phase, volumes } = run.status;
  if (run.kind !== 'Backup' || volumes === undefined || !isEndPhase(phase)) {
    return '';
  }
  const { coverage } = await detailsOf(client, run);
  return coverage === null ? '' : copiesText(coverage);
}

/** Backups that failed, or that others made. */
const WITHOUT_COVERAGE: ReadonlySet<string> = new Set(['object-missing', 'backup-not-usable']);

/** The details, for people. */
export function detailsText(details: BackupDetails): string {
  return details.coverage === null
    ? `Coverage: ${details.coverageNote}\n`
    : coverageText(details.coverage);
}
