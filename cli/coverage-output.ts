import {
  COVERAGE_REASONS,
  type CoverageReason,
  type CoverageReport,
  type TypeCoverage,
  type VolumeCoverage,
} from '../domain/coverage.ts';
import { columnsText } from './columns.ts';
import { sizeText } from '../domain/size-text.ts';

/** What a backup should hold, what it holds, and why they differ, for people. */
export function coverageText(report: CoverageReport): string {
  const { items, volumes } = report;
  return [
    `Items: ${String(items.captured)} of ${String(items.expected)}\n`,
    indented(columnsText(typeRows(report))),
    report.isShortened === true ? SHORTENED : '',
    section('Items left out', itemRows(report)),
    section('Types left out', typeReasonRows(report)),
    `Volumes: ${String(volumes.captured)} copied\n`,
    indented(columnsText(volumes.items.map(volumeRow))),
    section('Volumes left out', volumeReasonRows(report)),
    section('Pods with hooks', report.hooks.map(hookRow)),
    section(
      'Namespaces left out',
      report.namespaces.map(({ name, reason }) => [name, words(reason)]),
    ),
    section(
      'API groups left out',
      report.groups.map(({ group, reason }) => [group, words(reason)]),
    ),
    section('Names of several types', report.ambiguousNames.map(ambiguousRow)),
  ].join('');
}

const SHORTENED =
  'The preview is shortened: counts by namespace are left out, and some volumes and hooks may be.\n';

/** A heading with rows under it; nothing without rows. */
function section(heading: string, rows: readonly string[][]): string {
  return rows.length === 0 ? '' : `${heading}:\n${indented(columnsText(rows))}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

/** A reason in words; one that only a newer API knows stays a code. */
export function words(reason: CoverageReason): string {
  if (!Object.hasOwn(COVERAGE_REASONS, reason)) {
    return reason;
  }
  const { isGap, text } = COVERAGE_REASONS[reason];
  return isGap ? `${text} (a gap)` : text;
}

/** Types of which there is anything to count. */
function typeRows({ types }: CoverageReport): string[][] {
  return types
    .filter(({ expected, captured }) => expected > 0 || captured > 0)
    .map(({ type, apiVersion, expected, captured }) => [
      type,
      apiVersion,
      `${String(captured)} of ${String(expected)}`,
    ]);
}

function itemRows({ types }: CoverageReport): string[][] {
  return types.flatMap(({ type, leftOut = [] }) =>
    leftOut.map(({ reason, items, examples, texts = [] }) => {
      const more = items > examples.length ? ', …' : '';
      const why = texts.length === 0 ? words(reason) : texts.join('; ');
      return [type, String(items), why, `${examples.join(', ')}${more}`];
    }),
  );
}

/** One row for each reason, with all types that it is the reason for; of some there may be objects all the same. */
function typeReasonRows({ types }: CoverageReport): string[][] {
  const byReason = new Map<CoverageReason, TypeCoverage[]>();
  for (const type of types) {
    if (type.reason !== undefined) {
      byReason.set(type.reason, [...(byReason.get(type.reason) ?? []), type]);
    }
  }
  return [...byReason].map(([reason, some]) => [
    words(reason),
    some
      .map(({ type, captured }) =>
        captured === 0 ? type : `${type} (${String(captured)} are taken)`,
      )
      .join(', '),
  ]);
}

function volumeRow(row: VolumeCoverage): string[] {
  const { namespace, pod, volume, claim, persistentVolume, source, action, reason } = row;
  const place = [pod, volume].filter((part) => part !== undefined).join(' ');
  const names = [claim, persistentVolume].filter((part) => part !== undefined).join(', ');
  return [
    `${namespace}/${place === '' ? (claim ?? '') : place}`,
    names === '' ? source : `${source} ${names}`,
    action,
    reason === undefined ? copiedText(row) : words(reason),
  ];
}

/** `12 files, 3.4 MiB, read back`. */
export function copiedText({ copy }: VolumeCoverage): string {
  if (copy === undefined) {
    return 'copied';
  }
  const { outcome, files, bytes, level, isHeld } = copy;
  const held = isHeld === false ? ', not consistent' : '';
  return outcome === 'Empty'
    ? `empty, as the volume is${held}`
    : `${outcome === 'Incomplete' ? 'incomplete: ' : ''}${String(files)} files, ${sizeText(bytes)}, ${PROVEN[level]}${held}`;
}

/** How far a copy is proven, in words. */
const PROVEN = { Engine: 'not compared', Counts: 'counted', ReadBack: 'read back' } as const;

function volumeReasonRows({ volumes }: CoverageReport): string[][] {
  return Object.entries(volumes.leftOut).map(([reason, count]) => [
    String(count),
    // The keys of the record are reasons.
    words(reason as CoverageReason),
  ]);
}

function hookRow({ namespace, pod, hook }: CoverageReport['hooks'][number]): string[] {
  return [`${namespace}/${pod}`, hook];
}

function ambiguousRow({ name, taken, others }: CoverageReport['ambiguousNames'][number]): string[] {
  return [name, `taken for ${taken}, and not for ${others.join(', ')}`];
}
