import type { ScheduleResource } from '../domain/api-resource.ts';
import type { ClusterHoldings } from '../domain/location-inventory.ts';
import type { LocationPhase } from '../domain/location-check.ts';
import { columnsText } from './columns.ts';
import type { KeyState } from './recover-key.ts';

/** What a recovery found and did. */
export interface Recovery {
  readonly location: string;
  readonly phase: LocationPhase | 'ReadOnly';
  readonly lost: Omit<ClusterHoldings, 'samples'>;
  /** The cluster that takes the place of the lost one. */
  readonly cluster: string;
  readonly key: KeyState;
  readonly schedules: readonly {
    readonly name: string;
    readonly phase: ScheduleResource['status']['phase'];
    readonly cluster: string;
    /** Whether it came back just now. */
    readonly isNew: boolean;
  }[];
}

const KEY_TEXT: Readonly<Record<KeyState, string>> = {
  Created: 'in place now; it opens what was copied',
  Unchanged: 'in place before; it opens what was copied',
  NotNeeded: 'not needed',
  LeftOut: 'left out: data of volumes cannot be restored, until you run this again with --key-file',
};
const LABEL_WIDTH = 12;

/** What was found and done, and what comes next, for people. */
export function recoveryText(recovery: Recovery): string {
  const { location, phase, lost, key, schedules } = recovery;
  const { newest } = lost;
  const lines: (readonly [string, string])[] = [
    ['Location', `${location} is ${phase}`],
    ['Cluster', `${lost.name}: ${String(lost.backups)} backups`],
    ['Newest', newest === undefined ? 'none that can be restored' : newestText(newest)],
    ['Volumes', volumesText(lost)],
    ['Master key', KEY_TEXT[key]],
    ['Schedules', countText(recovery)],
  ];
  const text = lines.map(([label, value]) => `${`${label}:`.padEnd(LABEL_WIDTH)} ${value}\n`);
  return [...text, schedulesText(schedules), nextText(recovery)].join('');
}

function countText({ phase, lost, schedules }: Recovery): string {
  if (phase === 'ReadOnly') {
    return `${String(lost.schedules.length)}, left alone while the location is read-only`;
  }
  return schedules.length === 0 ? 'none' : String(schedules.length);
}

function volumesText({ repositories }: Recovery['lost']): string {
  return repositories === 0
    ? 'none was copied'
    : `data in ${String(repositories)} repositories, one for each namespace`;
}

function newestText({ name, phase, startTimestamp }: NonNullable<ClusterHoldings['newest']>) {
  return `${name}, ${phase}, of ${startTimestamp}`;
}

function schedulesText(schedules: Recovery['schedules']): string {
  const rows = schedules.map(({ name, phase, cluster, isNew }) => [
    ...[`  ${name}`, phase, cluster, isNew ? 'came back' : 'was there'],
  ]);
  return rows.length === 0 ? '' : columnsText(rows);
}

function nextText({ lost, cluster, schedules }: Recovery): string {
  const { newest } = lost;
  const paused = schedules.filter(({ phase }) => phase === 'Paused');
  const running = schedules.filter(({ phase }) => phase === 'Enabled');
  const lines = [
    ...running.map(
      ({ name }) => `  holdfast schedule pause ${name}   # unless all is there already`,
    ),
    ...(newest === undefined
      ? []
      : [`  holdfast restore create --from-backup ${newest.name} --cluster ${cluster} --wait`]),
    ...paused.map(({ name }) => `  holdfast schedule unpause ${name}   # when all is there again`),
  ];
  return lines.length === 0 ? '' : `Next:\n${lines.join('\n')}\n`;
}
