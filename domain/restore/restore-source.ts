import { canonicalJson } from '../canonical-json.ts';
import type { FailureReport, FieldError } from '../failure.ts';
import { isEndPhase } from '../phase.ts';
import type { RestoreSpec } from '../restore.ts';
import { fieldError } from '../selection/field-errors.ts';
import type { StoredRestore } from '../stored-run.ts';
import { SCHEDULE_LABEL, type VeleroBackup } from '../velero-record.ts';

const SOURCES = ['backupName', 'scheduleName', 'retryOf'] as const;
const ALL_SOURCES = SOURCES.map((field) => `/spec/${field}`).join(', ');

type Sources = Pick<RestoreSpec, (typeof SOURCES)[number] | 'allowPartiallyFailed'>;

/** Fields that a restore which is tried again keeps, since its items are known by them. */
const KEPT = ['cluster', 'namespaceMapping'] as const;

/** Fields that say what one restore was asked for, and not how it restores. */
const OWN: ReadonlySet<string> = new Set([
  ...SOURCES,
  'allowPartiallyFailed',
  'planDigest',
  'metadata',
]);

/** What is wrong with where a restore is to take its items from. */
export function sourceErrors(spec: Partial<Sources>): FieldError[] {
  const given = SOURCES.filter((field) => spec[field] !== undefined);
  const errors =
    given.length === 0
      ? [fieldError('/spec/backupName', `is not there: give one of ${ALL_SOURCES}`)]
      : given
          .slice(1)
          .map((field) =>
            fieldError(`/spec/${field}`, `is one too many: give one of ${ALL_SOURCES}`),
          );
  if (spec.allowPartiallyFailed === true && spec.scheduleName === undefined) {
    const what = 'goes with /spec/scheduleName alone; leave it out';
    errors.push(fieldError('/spec/allowPartiallyFailed', what));
  }
  return errors;
}

/** Those fields of a request that say where the items come from. */
export function sourceFields({
  backupName = '',
  scheduleName,
  allowPartiallyFailed,
  retryOf,
}: Partial<Sources>): Sources {
  return {
    backupName,
    ...(scheduleName === undefined ? {} : { scheduleName }),
    ...(allowPartiallyFailed === true ? { allowPartiallyFailed } : {}),
    ...(retryOf === undefined ? {} : { retryOf }),
  };
}

/** The newest backup of a schedule that can be restored, by the time at which it began. */
export function newestBackup(
  records: readonly VeleroBackup[],
  { scheduleName = '', allowPartiallyFailed = false }: Pick<RestoreSpec, keyof Sources>,
): VeleroBackup | undefined {
  const phases: readonly string[] = [
    'Completed',
    ...(allowPartiallyFailed ? ['PartiallyFailed'] : []),
  ];
  return records
    .filter(({ metadata: { labels = {} } }) => labels[SCHEDULE_LABEL] === scheduleName)
    .filter(({ status }) => phases.includes(status.phase))
    .sort((left, right) => startMs(right) - startMs(left))[0];
}

/** A restore that is to be tried again, by what the location has of it, or why it cannot. */
export function triedRestore(
  { retryOf = '', location }: { readonly retryOf?: string; readonly location: string },
  claim: StoredRestore | undefined,
): { readonly tried: StoredRestore } | { readonly refusal: FailureReport } {
  const subject = 'spec.retryOf';
  if (claim === undefined) {
    const message = `location ${location} holds no restore named ${retryOf}; correct spec.retryOf`;
    return { refusal: { code: 'restore-not-found', message, subject } };
  }
  const { result } = claim;
  if (result === undefined || !isEndPhase(result.phase)) {
    const message = `the restore ${retryOf} has not ended; wait for its end, or cancel it`;
    return { refusal: { code: 'still-running', message, subject } };
  }
  return { tried: claim };
}

/** The fields of a request that tries a restore again: what it says itself, and beyond that what the other one said. */
export function retriedFields(
  request: Partial<RestoreSpec>,
  tried: RestoreSpec,
): { readonly fields: Partial<RestoreSpec>; readonly errors: readonly FieldError[] } {
  // What is left out is optional in the result.
  const kept = Object.fromEntries(
    Object.entries(tried).filter(([field]) => !OWN.has(field)),
  ) as Partial<RestoreSpec>;
  const changed = KEPT.filter(
    (field) =>
      request[field] !== undefined && canonicalJson(request[field]) !== canonicalJson(tried[field]),
  );
  const what = 'is another one than that of the restore that is tried again; leave it out';
  return {
    fields: { ...kept, ...request },
    errors: changed.map((field) => fieldError(`/spec/${field}`, what)),
  };
}

function startMs({ status }: VeleroBackup): number {
  return Date.parse(status.startTimestamp ?? '') || 0;
}
