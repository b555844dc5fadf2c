import type { RunResource, RunVolumes, TemporalLink } from '../domain/api-resource.ts';
import type { Hold } from '../domain/hold.ts';
import type { Phase } from '../domain/phase.ts';
import { restoreEndLines, restoreSpecLines } from './restore-lines.ts';
import { color } from './output/color.ts';
import type { Column, Table } from './output/table.ts';
import { span } from './span.ts';
import { operationLines } from './operation-lines.ts';
import { volumeLine, volumesText, volumesUnderWay } from './volume-lines.ts';

/** One line per run. */
export function runsTable<Run extends RunResource>(
  runs: readonly Run[],
  nowMs: number,
): Table<Run> {
  return {
    rows: runs,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'PHASE', cell: ({ status }) => status.phase },
      { heading: 'ITEMS', cell: ({ status }) => String(status.progress.itemsDone) },
      { heading: 'AGE', cell: ({ metadata }) => age(metadata.creationTimestamp, nowMs) },
      { heading: 'DURATION', cell: (run) => duration(run, nowMs) },
      { heading: 'LOCATION', cell: ({ metadata }) => metadata.location },
      { heading: 'CLUSTER', cell: ({ spec }) => spec.cluster },
      { heading: 'HELD', cell: (run) => holdOf(run)?.reason ?? '', when: 'filled' },
      { heading: 'ERRORS', cell: ({ status }) => String(status.errors), when: 'wide' },
      { heading: 'WARNINGS', cell: ({ status }) => String(status.warnings), when: 'wide' },
      { heading: 'CREATED', cell: ({ metadata }) => metadata.creationTimestamp, when: 'wide' },
      sourceColumn(runs),
      { heading: 'NAMESPACES', cell: ({ spec }) => namespacesText(spec), when: 'wide' },
    ],
    labels: ({ metadata }) => metadata.labels,
    paint: (padded, { text, row }) => paint(padded, { cell: text, isHeader: row === 0 }),
  };
}

/** When a backup goes, and what a restore is of. */
function sourceColumn(runs: readonly RunResource[]): Column<RunResource> {
  return runs[0]?.kind === 'Restore'
    ? {
        heading: 'BACKUP',
        cell: (run) => (run.kind === 'Restore' ? run.spec.backupName : ''),
        when: 'wide',
      }
    : {
        heading: 'EXPIRES',
        cell: (run) => (run.kind === 'Backup' ? (run.status.expiration ?? '') : ''),
        when: 'wide',
      };
}

/** Of a backup that is kept until it is deleted. */
const NO_TTL = '0s';

function keptFor({ ttl }: { readonly ttl: string }): string {
  return ttl === NO_TTL ? 'ever, until it is deleted' : ttl;
}

function holdOf(run: RunResource): Hold | undefined {
  return run.kind === 'Backup' ? run.status.hold : undefined;
}

/** Everything about one run, for people. */
export function describeText(run: RunResource, nowMs: number): string {
  const { metadata, spec, status } = run;
  const { progress } = status;
  const lines: [string, string | undefined][] = [
    ['Name', metadata.name],
    ['Kind', run.kind],
    ['Location', metadata.location],
    ['Cluster', spec.cluster],
    ...(run.kind === 'Restore'
      ? restoreSpecLines(run.spec)
      : [['Kept for', keptFor(run.spec)] satisfies [string, string]]),
    ['Namespaces', namespacesText(spec)],
    ...filterLines(spec),
    ['Phase', paint(status.phase, { cell: status.phase, isHeader: false })],
    ['Step', status.step],
    ['Waiting for', status.waitingFor?.reason],
    ['Since', status.waitingFor?.since],
    ['Until', status.waitingFor?.deadline],
    ['Last failure', status.waitingFor?.failure?.message],
    ['Items', `${String(progress.itemsDone)} of ${String(progress.itemsTotal)}${rateText(run)}`],
    ...volumeLines(status.volumes),
    ...operationLines(status.operations),
    ['Hooks', hooksSummary(run)],
    ['Started', status.startTimestamp],
    ['Ended', status.completionTimestamp],
    ['Duration', duration(run, nowMs)],
    ...endLines(run),
    ['Warnings', String(status.warnings)],
    ['Errors', String(status.errors)],
    ...problemLines(run),
    ['Failure', status.failure && `${status.failure.code}: ${status.failure.message}`],
    ...temporalLines(status.temporal),
  ];
  const shown = lines.filter((line): line is [string, string] => line[1] !== undefined);
  return `${shown.map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH)}${value}`).join('\n')}\n`;
}

const LABEL_WIDTH = 15;

/** Where to watch the run, and until when that can be done. */
function temporalLines(link: TemporalLink | undefined): [string, string | undefined][] {
  return [
    ['Workflow', link?.workflowId],
    ['Watch it at', link?.url],
    ['Known until', link?.availableUntil],
  ];
}

/** What a backup could not take, and what should be known about what it took. */
function problemLines(run: RunResource): [string, string][] {
  const problems = run.kind === 'Backup' ? run.status.problems : undefined;
  const rest = Object.entries(problems?.more ?? {}).filter(([, count]) => count > 0);
  return [
    ...(problems?.errors ?? []).map(({ message }): [string, string] => ['Error', message]),
    ...(problems?.warnings ?? []).map(({ message }): [string, string] => ['Warning', message]),
    ...rest.map(([side, count]): [string, string] => [
      'More',
      `${String(count)} ${side}; --details has them`,
    ]),
  ];
}

function hooksSummary(run: RunResource): string | undefined {
  const { hooks } = run.status;
  return hooks && `${String(hooks.attempted)} run, ${String(hooks.failed)} failed`;
}

function volumeLines(volumes: RunVolumes | undefined): [string, string][] {
  return volumes === undefined
    ? []
    : [
        ['Volumes', volumesText(volumes)],
        ...volumesUnderWay(volumes).map((volume): [string, string] => [
          'Volume',
          volumeLine(volume),
        ]),
      ];
}

/** How long a run has taken, or took. */
export function duration({ status }: RunResource, nowMs: number): string {
  if (status.startTimestamp === undefined) {
    return '';
  }
  const endMs =
    status.completionTimestamp === undefined ? nowMs : Date.parse(status.completionTimestamp);
  return span(Math.max(0, endMs - Date.parse(status.startTimestamp)));
}

export function rateText({ status }: RunResource): string {
  const rate = status.progress.itemsPerSecond;
  return rate === undefined || status.completionTimestamp !== undefined
    ? ''
    : `, ${String(rate)} per second`;
}

function endLines(run: RunResource): [string, string | undefined][] {
  if (run.kind === 'Restore') {
    return restoreEndLines(run.status);
  }
  const { archive, expiration, hold } = run.status;
  return [
    ['Expires', expiration],
    ['Held', hold && `since ${hold.since}: ${hold.reason}`],
    [
      'Archive',
      archive &&
        `${String(archive.sizeBytes)} bytes, ${archive.verification}, sha256 ${archive.sha256}`,
    ],
  ];
}

function namespacesText({ includedNamespaces, excludedNamespaces }: RunResource['spec']): string {
  const excluded =
    excludedNamespaces.length === 0 ? '' : ` without ${excludedNamespaces.join(', ')}`;
  return `${includedNamespaces.join(', ')}${excluded}`;
}

/** Fields that have a line of their own. */
const SHOWN_FIELDS = [
  'cluster',
  'ttl',
  'backupName',
  'namespaceMapping',
  'includedNamespaces',
  'excludedNamespaces',
];

/** What else the request says, as it was said. */
function filterLines(spec: RunResource['spec']): [string, string][] {
  return Object.entries(spec).flatMap(([field, value]: [string, unknown]) =>
    SHOWN_FIELDS.includes(field)
      ? []
      : [
          [
            'Filter',
            `${field}: ${Array.isArray(value) && value.every(isText) ? value.join(', ') : JSON.stringify(value)}`,
          ],
        ],
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function age(timestamp: string, nowMs: number): string {
  return span(Math.max(0, nowMs - Date.parse(timestamp)));
}

const COLORS: Partial<Record<Phase, (text: string) => string>> = {
  Completed: color.green,
  PartiallyFailed: color.yellow,
  Failed: color.red,
  FailedValidation: color.red,
  Cancelled: color.yellow,
};

function paint(text: string, { cell, isHeader }: { cell: string; isHeader: boolean }): string {
  const painter = Object.entries(COLORS).find(([phase]) => phase === cell)?.[1];
  return isHeader ? color.bold(text) : (painter?.(text) ?? text);
}
