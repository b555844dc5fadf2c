import type { PluginResource } from '../domain/api-resource.ts';
import { columnsText } from './columns.ts';

const HEADINGS = ['NAME', 'HEALTH', 'VERSION', 'BACKUP ACTIONS', 'RESTORE ACTIONS', 'DESCRIBED'];
const LABEL_WIDTH = 17;

/** One line per plugin, for people. */
export function pluginsText(plugins: readonly PluginResource[]): string {
  const rows = plugins.map(({ metadata, status }) => [
    metadata.name,
    status.health,
    status.version ?? '',
    status.backupActions.join(','),
    status.restoreActions.join(','),
    status.describedAt,
  ]);
  return rows.length === 0 ? '' : columnsText([HEADINGS, ...rows]);
}

/** Everything about one plugin, for people. */
export function pluginText({ metadata, spec, status }: PluginResource): string {
  const lines: [string, string | undefined][] = [
    ['Name', metadata.name],
    ['Cluster', spec.cluster],
    ['Task queue', status.taskQueue],
    ['Health', status.health],
    ['Why', status.failure?.message],
    [
      'Changed',
      status.hasChanged &&
        `it describes itself otherwise now; to take that: holdfast plugin register ${metadata.name}`,
    ],
    ['Version', status.version],
    ['Backup actions', listText(status.backupActions)],
    ['Restore actions', listText(status.restoreActions)],
    ['Described', status.describedAt],
    ['Waits for it', spec.unavailableTimeout],
    ['A call takes', `${spec.callTimeout} at most`],
  ];
  return lines
    .flatMap(([label, value]) =>
      value === undefined ? [] : [`${`${label}:`.padEnd(LABEL_WIDTH)}${value}\n`],
    )
    .join('');
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
