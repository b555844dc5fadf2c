import type {
  RetentionResource,
  ScheduleCounts,
  ScheduleResource,
  ScheduleResourceList,
} from '../domain/api-resource.ts';
import { KEEP_FIELDS } from '../domain/retention/keep-rules.ts';
import { columnsText } from './columns.ts';
import { conditionsText } from './condition-lines.ts';
import type { Table } from './output/table.ts';
import { span } from './span.ts';

const LABEL_WIDTH = 15;

/** One line per schedule, for people. */
export function schedulesTable(schedules: readonly ScheduleResource[]): Table<ScheduleResource> {
  return {
    rows: schedules,
    labels: ({ metadata }) => metadata.labels,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'STATUS', cell: ({ status }) => status.phase },
      { heading: 'READY', cell: readyText, when: 'wide' },
      { heading: 'SCHEDULE', cell: ({ spec }) => spec.schedule },
      { heading: 'TIME ZONE', cell: ({ spec }) => spec.timeZone },
      { heading: 'CLUSTER', cell: ({ spec }) => spec.template.cluster },
      { heading: 'NEXT', cell: ({ status }) => status.nextTimes[0] ?? '' },
      { heading: 'LAST SUCCESS', cell: ({ status }) => successText(status) ?? 'never' },
      { heading: 'LOCATION', cell: ({ spec }) => spec.location, when: 'wide' },
      { heading: 'KEPT', cell: ({ spec }) => rulesText(spec) ?? '', when: 'wide' },
      { heading: 'TTL', cell: ({ spec }) => spec.template.ttl, when: 'wide' },
      { heading: 'TIMES', cell: ({ status }) => countsText(status.counts), when: 'wide' },
    ],
  };
}

/** Which schedules a list lacks, for people. */
export function unreadText(
  unread: NonNullable<ScheduleResourceList['metadata']['unread']>,
): string {
  return unread
    .map(
      ({ location, code, message }) =>
        `warning: schedules of the location ${location} are not listed: ${code}: ${message}\n`,
    )
    .join('');
}

/** Everything about one schedule, for people. */
export function scheduleText({ metadata, spec, status }: ScheduleResource): string {
  const lines: [string, string | undefined][] = [
    ['Name', metadata.name],
    ['Status', status.phase === 'Missing' ? MISSING : status.phase],
    ['Note', spec.note],
    ['Schedule', spec.schedule],
    ['Time zone', spec.timeZone],
    ['Jitter', spec.jitter],
    ['Overlap policy', spec.overlapPolicy],
    ['Catch-up', spec.catchupWindow],
    ['Location', spec.location],
    ['Cluster', spec.template.cluster],
    ['Namespaces', spec.template.includedNamespaces.join(', ')],
    ['Kept for', spec.template.ttl === '0s' ? undefined : spec.template.ttl],
    ['Kept', rulesText(spec)],
    ['Last success', successText(status) ?? 'never'],
    ['Last backup', status.lastBackup && `${status.lastBackup.backup}, ${status.lastBackup.phase}`],
    ['Times', countsText(status.counts)],
    ['Temporal', status.temporal?.url],
  ];
  const text = lines.flatMap(([label, value]) =>
    value === undefined ? [] : [`${`${label}:`.padEnd(LABEL_WIDTH)} ${value}\n`],
  );
  const recent = (status.recent ?? []).map(({ scheduledTime, backup, phase }) => [
    ...[`  ${scheduledTime}`, phase, backup],
  ]);
  return [
    ...text,
    conditionsText(status.conditions),
    ...(status.nextTimes.length === 0
      ? []
      : ['Next times:\n', ...status.nextTimes.map((time) => `  ${time}\n`)]),
    ...(recent.length === 0 ? [] : ['Last times:\n', columnsText(recent)]),
  ].join('');
}

const MISSING = 'Missing: Temporal does not know it; bring it back with: holdfast schedule replace';

type Kept = RetentionResource['items'][number];

/** What becomes of the backups of a schedule, for people. */
export function retentionTable({ items }: RetentionResource): Table<Kept> {
  return {
    rows: items,
    columns: [
      { heading: 'BACKUP', cell: ({ backup }) => backup },
      { heading: 'PHASE', cell: ({ phase }) => phase },
      { heading: 'STARTED', cell: ({ startTimestamp }) => startTimestamp },
      { heading: 'WHAT', cell: ({ reasons }) => (reasons.length === 0 ? 'goes' : 'stays') },
      { heading: 'WHY', cell: ({ reasons }) => reasons.join(', ') },
    ],
  };
}

function readyText({ status: { conditions } }: ScheduleResource): string {
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' ? ready.reason : (ready?.status ?? '');
}

function successText({ lastSuccess }: ScheduleResource['status']): string | undefined {
  return lastSuccess && `${span(lastSuccess.ageSeconds * 1000)} ago, ${lastSuccess.backup}`;
}

function rulesText({ retention }: ScheduleResource['spec']): string | undefined {
  const rules = KEEP_FIELDS.flatMap((field) => {
    const number = retention?.[field];
    return number === undefined
      ? []
      : [`${field.slice('keep'.length).toLowerCase()} ${String(number)}`];
  });
  return rules.length === 0 ? undefined : rules.join(', ');
}

function countsText({ started, skipped, missed, dropped }: ScheduleCounts): string {
  return `${String(started)} started, ${String(skipped)} skipped for an overlap, ${String(missed)} missed, ${String(dropped)} dropped`;
}
