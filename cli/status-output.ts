import type { ServerStatus, TaskQueueStatus } from '../domain/server-status.ts';
import { columnsText } from './columns.ts';

/** How the parts of an installation are, for people. */
export function statusText({ version, temporal, taskQueues, locations }: ServerStatus): string {
  const missing = temporal.missingSearchAttributes ?? [];
  const server = temporal.serverVersion === undefined ? '' : `, server ${temporal.serverVersion}`;
  const lines: (readonly [string, string])[] = [
    ['API', version],
    ['Temporal', `${temporal.address}, namespace ${temporal.namespace}${server}`],
    ...(temporal.failure === undefined ? [] : [['', temporal.failure.message] as const]),
    ...(missing.length === 0
      ? []
      : [['', `search attributes that are missing: ${missing.join(', ')}`] as const]),
  ];
  const queueRows = taskQueues.map((queue) => [queue.name, ownerOf(queue), workersText(queue)]);
  const locationRows = locations.map(({ name, isReachable, failure }) => [
    name,
    isReachable ? 'answers' : (failure?.message ?? 'does not answer'),
  ]);
  return [
    ...lines.map(([label, value]) => `${label.padEnd(10)}${value}\n`),
    `\n${columnsText([['TASK QUEUE', 'OF', 'WORKERS'], ...queueRows])}`,
    `\n${columnsText([['LOCATION', ''], ...locationRows])}`,
  ].join('');
}

function ownerOf({ role, cluster, node, plugin }: TaskQueueStatus): string {
  const owner = node ?? plugin ?? cluster;
  return owner === undefined ? 'workflows' : `${role} ${owner}`;
}

function workersText({ workers, failure }: TaskQueueStatus): string {
  return workers === undefined ? (failure?.message ?? 'not known') : String(workers);
}
