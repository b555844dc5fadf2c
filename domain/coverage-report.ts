import type { BackupNotes, TypeTally } from './backup-notes.ts';
import { type BackupProblems, type BackupSpec, joinProblems } from './backup.ts';
import {
  COVERAGE_REASONS,
  type CoverageReason,
  type CoverageReport,
  isGap,
  type TypeCoverage,
  type VolumeCoverage,
} from './coverage.ts';
import type { ExportPlan, PlannedSelection, PlannedType } from './export-plan.ts';
import type { FailureReport } from './failure.ts';
import { apiVersionOf, groupResource } from './item.ts';
import { coverVolumes } from './volumes/volume-choice.ts';
import { volumeName } from './volumes/volume-name.ts';

/** What a report is made of: what was planned, what was noted, and what was found. */
export interface CoverageSource {
  readonly spec: BackupSpec;
  readonly plan: Pick<ExportPlan, 'coverage' | 'volumePolicies'> & {
    readonly selection: Pick<PlannedSelection, 'related'>;
  };
  readonly notes: BackupNotes;
  /** How many items of each type were read back from the archive, by `resource.group` and version. */
  readonly captured: ReadonlyMap<string, number>;
  /** Whether items are told by namespace too. */
  readonly isByNamespace?: boolean;
  /** See `VolumeSource`. */
  readonly isCopied?: (volume: VolumeCoverage) => boolean;
}

/** Volumes of one reason that a problem names. */
const NAMED_VOLUMES_MAX = 5;
const CLAIMS = 'persistentvolumeclaims';

/** Compares what a backup should hold with what it holds. */
export function coverageReport(source: CoverageSource): CoverageReport {
  const { spec, plan, notes } = source;
  const types = typeRows(source);
  return {
    version: 1,
    items: {
      expected: types.reduce((sum, { expected }) => sum + expected, 0),
      captured: types.reduce((sum, { captured }) => sum + captured, 0),
    },
    types,
    groups: plan.coverage.groups,
    namespaces: plan.coverage.namespaces,
    volumes: coverVolumes({
      pods: notes.pods,
      claims: notes.claims,
      absentClaims: new Map(
        notes.absentClaims.map(({ namespace, name, reason }) => [`${namespace}/${name}`, reason]),
      ),
      areClaimsTaken: areClaimsTaken(source),
      persistentVolumes: notes.persistentVolumes,
      spec,
      policies: plan.volumePolicies,
      ...(source.isCopied === undefined ? {} : { isCopied: source.isCopied }),
    }),
    hooks: notes.hooks,
    ambiguousNames: plan.coverage.ambiguousNames,
  };
}

/** What of a report is a problem of the backup, beside what was told while it was made. */
export function coverageProblems(
  report: CoverageReport,
  told: readonly BackupProblems[],
  { hasVolumes }: Pick<ExportPlan, 'hasVolumes'> = { hasVolumes: false },
): BackupProblems {
  // Whether a volume is missing is known when the copies have ended.
  const gaps = hasVolumes ? [] : volumeGaps(report);
  return joinProblems([
    ...told,
    { errors: [...lostItems(report), ...gaps], warnings: warningsOf(report) },
  ]);
}

/** Whether every claim of a pod was looked for; where the listing failed, nobody knows which claims there are. */
function areClaimsTaken({ plan, notes }: CoverageSource): boolean {
  const isFailed = notes.tallies.some(
    ({ type, reason }) => type === CLAIMS && reason !== undefined,
  );
  const isCollected = plan.coverage.types.some(
    ({ type, reason }) => groupResource(type) === CLAIMS && reason === undefined,
  );
  return !isFailed && (isCollected || plan.selection.related.some(({ name }) => name === CLAIMS));
}

function typeRows({ plan, notes, captured, isByNamespace }: CoverageSource): TypeCoverage[] {
  const tallies = new Map(notes.tallies.map((tally) => [keyOf(tally), tally]));
  const planned = new Set(plan.coverage.types.map(plannedKey));
  const rows = [
    ...plan.coverage.types.map((one) => plannedRow(one, tallies.get(plannedKey(one)))),
    // Other versions than the preferred ones.
    ...notes.tallies.filter((tally) => !planned.has(keyOf(tally))).map(talliedRow),
  ];
  return rows.map(({ namespaces, ...row }) => ({
    ...row,
    captured: captured.get(`${row.type} ${versionOf(row.apiVersion)}`) ?? 0,
    ...(isByNamespace === true ? { namespaces: namespaces ?? {} } : {}),
  }));
}

type Row = Omit<TypeCoverage, 'captured'>;

function plannedRow({ type, reason }: PlannedType, tally: TypeTally | undefined): Row {
  const head = { type: groupResource(type), apiVersion: apiVersionOf(type), kind: type.kind };
  const row = talliedRow({ kept: 0, leftOut: [], ...tally, ...head });
  return row.reason === undefined && reason !== undefined ? { ...row, reason } : row;
}

function talliedRow({ type, apiVersion, kind, ...tally }: TypeTally): Row {
  const { kept, leftOut, reason, namespaces } = tally;
  return {
    ...{ type, apiVersion, kind },
    expected: kept,
    ...(reason === undefined ? {} : { reason }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(namespaces === undefined ? {} : { namespaces }),
  };
}

function keyOf({ type, apiVersion }: Pick<TypeTally, 'type' | 'apiVersion'>): string {
  return `${type} ${apiVersion}`;
}

function plannedKey({ type }: PlannedType): string {
  return `${groupResource(type)} ${apiVersionOf(type)}`;
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** What was listed and kept, and is not in the archive; nothing of the kind should ever happen. */
function lostItems({ types }: CoverageReport): FailureReport[] {
  return types
    .filter(({ expected, captured }) => expected !== captured)
    .map(({ type, apiVersion, expected, captured }) => ({
      code: 'coverage-gap',
      message: `the archive holds ${String(captured)} of ${String(expected)} ${type} of ${apiVersion} that were listed`,
      // Not the type alone: what else was told of it stays, and so does what another version lost.
      subject: `archive: ${type} ${apiVersion}`,
    }));
}

/** Volumes that are not in a backup though nobody left them out, by reason. */
export function volumeGaps({ volumes }: Pick<CoverageReport, 'volumes'>): FailureReport[] {
  return Object.entries(volumes.leftOut).flatMap(([text, count]): FailureReport[] => {
    // The keys of the record are reasons.
    const reason = text as CoverageReason;
    if (!isGap(reason)) {
      return [];
    }
    const named = volumes.items.filter((volume) => volume.reason === reason).map(volumeName);
    const rest = named.length > NAMED_VOLUMES_MAX ? ', …' : '';
    const names = `${named.slice(0, NAMED_VOLUMES_MAX).join(', ')}${rest}`;
    return [
      {
        code: 'coverage-gap',
        message: `${String(count)} ${count === 1 ? 'volume' : 'volumes'}: ${COVERAGE_REASONS[reason].text} (${names})`,
        subject: `volumes: ${reason}`,
      },
    ];
  });
}

function warningsOf({ ambiguousNames }: CoverageReport): FailureReport[] {
  return ambiguousNames.map(({ name, taken, others }) => ({
    code: 'ambiguous-name',
    message: `${name} is taken for ${taken}; ${others.join(', ')} has that name too`,
    subject: name,
  }));
}
