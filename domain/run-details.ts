import { type BackupSpec, DEFAULT_ITEM_OPERATION_TIMEOUT } from './backup.ts';
import type { CloudEvent } from './notifications/event.ts';
import type { RestoreSpec } from './restore.ts';
import type { StoredSchedule } from './schedules/schedule.ts';
import { shortList } from './short-list.ts';

/** Names that one line tells. */
const NAMES_MAX = 10;
/** Temporal takes 20,000 bytes; a name of a caller may be as long as its token. */
const CODE_LENGTH_MAX = 300;

/** A run as it was asked for. */
export interface AskedRun {
  readonly kind: 'Backup' | 'Restore';
  readonly location: string;
  readonly name: string;
  readonly spec: BackupSpec | RestoreSpec;
  /** Who asked for it; left out where nobody is asked who calls. */
  readonly by?: string | undefined;
  /** Where users reach the API; there is no link without it. */
  readonly publicUrl?: string | undefined;
}

/** What the Temporal UI shows of a run for as long as it knows it: what was asked, by whom and where. Markdown. */
export function runDetails(run: AskedRun): string {
  const { kind, location, name, spec, by } = run;
  const lines = [
    ['Cluster', code(spec.cluster)],
    ...('backupName' in spec ? restoreLines(spec) : backupLines(spec)),
    ...(by === undefined ? [] : [['Asked for by', code(by)]]),
    ['In Holdfast', pageOf(run)],
  ];
  const title = `${kind} ${code(name)} in location ${code(location)}`;
  return [title, '', ...lines.map(lineOf)].join('\n');
}

/** What the Temporal UI shows of a workflow that does a part of a run. Markdown. */
export function partDetails(
  { kind, location, name }: Pick<AskedRun, 'kind' | 'location' | 'name'>,
  cluster: string,
): string {
  return `A part of the ${kind.toLowerCase()} ${code(name)} in location ${code(location)}, cluster ${code(cluster)}`;
}

/** What the Temporal UI shows of a workflow that deletes a run. Markdown. */
export function deletionDetails(
  deleted: Pick<AskedRun, 'kind' | 'location' | 'name' | 'by'> & {
    readonly cluster: string;
    readonly why?: string;
  },
): string {
  const { kind, location, name, cluster, why, by } = deleted;
  return [
    `Deletes the ${kind.toLowerCase()} ${code(name)} in location ${code(location)}`,
    '',
    `- Cluster: ${code(cluster)}`,
    ...(why === undefined ? [] : [`- Why: ${why}`]),
    ...(by === undefined ? [] : [`- Asked for by: ${code(by)}`]),
  ].join('\n');
}

/** What the Temporal UI shows of a workflow that tells of an event. Markdown. */
export function eventDetails(cluster: string, { id, time }: CloudEvent): string {
  return `Event ${code(id)} of ${time}, cluster ${code(cluster)}`;
}

/** What the Temporal UI shows of a schedule and of each of its starts. Markdown. */
export function scheduleDetails(
  { name, spec }: Pick<StoredSchedule, 'name' | 'spec'>,
  publicUrl: string | undefined,
): string {
  const { schedule, timeZone, location, template } = spec;
  const path = `/api/v1/schedules/${name}`;
  return [
    `Schedule ${code(name)} makes backups in location ${code(location)}`,
    '',
    `- When: ${code(schedule)} in the time zone ${code(timeZone)}`,
    `- Cluster: ${code(template.cluster)}`,
    ...backupLines(template).map(lineOf),
    `- In Holdfast: ${linkOf(path, publicUrl)}`,
  ].join('\n');
}

/** A name in markdown, in which nothing is markdown. */
export function code(text: string): string {
  const plain = text.replace(/[`\p{Cc}]/gu, ' ').slice(0, CODE_LENGTH_MAX);
  return `\`${plain}\``;
}

function backupLines(spec: BackupSpec): string[][] {
  const { ttl, scheduleName, itemOperationTimeout = DEFAULT_ITEM_OPERATION_TIMEOUT } = spec;
  return [
    ['Takes', selectionText(spec)],
    ['Kept for', code(ttl)],
    ...(scheduleName === undefined ? [] : [['Schedule', code(scheduleName)]]),
    ['Waits for plugins for', code(itemOperationTimeout)],
  ];
}

function restoreLines(spec: RestoreSpec): string[][] {
  const { backupName, scheduleName, retryOf, existingResourcePolicy = 'none' } = spec;
  const mapped = Object.entries(spec.namespaceMapping).map(([from, to]) => code(`${from}:${to}`));
  return [
    // The open step finds the backup of a schedule, or of the restore that is tried again.
    ...(backupName === '' ? [] : [['From backup', code(backupName)]]),
    ...(scheduleName === undefined ? [] : [['From schedule', code(scheduleName)]]),
    ...(retryOf === undefined ? [] : [['Tries again', code(retryOf)]]),
    ['Restores', selectionText(spec)],
    ...(mapped.length === 0 ? [] : [['Into other namespaces', shortList(mapped, NAMES_MAX)]]),
    ['Of what is there already', code(existingResourcePolicy)],
  ];
}

function selectionText(spec: BackupSpec | RestoreSpec): string {
  const { includedNamespaces, excludedNamespaces, includedResources = [] } = spec;
  const hasSelector = spec.labelSelector !== undefined || spec.orLabelSelectors !== undefined;
  return [
    isEverything(includedNamespaces) ? 'all namespaces' : `namespaces ${codes(includedNamespaces)}`,
    ...(excludedNamespaces.length === 0 ? [] : [`without ${codes(excludedNamespaces)}`]),
    ...(isEverything(includedResources) ? [] : [`only ${codes(includedResources)}`]),
    ...(hasSelector ? ['only what has certain labels'] : []),
  ].join(', ');
}

function isEverything(names: readonly string[]): boolean {
  return names.length === 0 || names.includes('*');
}

function codes(names: readonly string[]): string {
  return shortList(names.map(code), NAMES_MAX);
}

function lineOf([what = '', text = '']: readonly string[]): string {
  return `- ${what}: ${text}`;
}

function pageOf({ kind, location, name, publicUrl }: AskedRun): string {
  const path = `/api/v1/${kind.toLowerCase()}s/${name}?location=${encodeURIComponent(location)}`;
  return linkOf(path, publicUrl);
}

/** An address of the API: a link where users can follow it. */
function linkOf(path: string, publicUrl: string | undefined): string {
  return publicUrl === undefined ? code(path) : `[${path}](${publicUrl}${path})`;
}
