import type { PluginResource } from '../domain/api-resource.ts';
import type { Table } from './output/table.ts';

const LABEL_WIDTH = 17;

/** One line per plugin, for people. */
export function pluginsTable(plugins: readonly PluginResource[]): Table<PluginResource> {
  return {
    rows: plugins,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'HEALTH', cell: ({ status }) => status.health },
      { heading: 'VERSION', cell: ({ status }) => status.version ?? '' },
      { heading: 'BACKUP ACTIONS', cell: ({ status }) => status.backupActions.join(',') },
      { heading: 'RESTORE ACTIONS', cell: ({ status }) => status.restoreActions.join(',') },
      { heading: 'DESCRIBED', cell: ({ status }) => status.describedAt },
      { heading: 'CLUSTER', cell: ({ spec }) => spec.cluster, when: 'wide' },
      { heading: 'TASK QUEUE', cell: ({ status }) => status.taskQueue, when: 'wide' },
    ],
  };
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
