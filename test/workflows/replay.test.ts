import { readdirSync, readFileSync } from 'node:fs';

import {
  bundleWorkflowCode,
  DefaultLogger,
  type ReplayResult,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';

import { createActivities } from '../../activities/index.ts';
import { openCluster } from '../../activities/kubernetes/client.ts';
import type { NotificationActivities } from '../../activities/notification-contract.ts';
import type { NodeActivities } from '../../activities/volume-contract.ts';
import type { PluginActivities } from '../../domain/plugins/contract.ts';
import * as workflows from '../../workflows/index.ts';
import { changedBundle } from '../support/changed-bundle.ts';
import { NO_VOLUMES } from '../support/no-volumes.ts';

// Goal: a change of a workflow that would break a run under way is found before it is released. Method: every
// history in test/histories was recorded from a real run and is replayed against the present code. `make histories`
// records them, what is missing as well.

const FOLDER = new URL('../histories/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const logger = new DefaultLogger('ERROR');
/** Activities of plugins. */
const PLUGIN_ACTIVITIES: readonly (keyof PluginActivities)[] = [
  ...(['describePlugin', 'backupItems', 'restoreItems', 'operationStatus'] as const),
  ...(['cancelOperation', 'deleteBackup'] as const),
];
/** Activities of node agents. */
const NODE_ACTIVITIES: readonly (keyof NodeActivities)[] = [
  'copyVolume',
  'restoreVolume',
  'checkAgent',
];
/** Activities that send notifications. */
const NOTIFICATION_ACTIVITIES: readonly (keyof NotificationActivities)[] = [
  'findNotified',
  'deliverNotification',
  'giveUpNotification',
];
let workflowBundle: WorkflowBundle;
/** What became of each history, in the order of the files. */
const results: ReplayResult[] = [];

interface HistoryEvent {
  workflowExecutionStartedEventAttributes?: {
    workflowType: { name: string };
    workflowId: string;
  };
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}

function historyOf(file: string): { events: HistoryEvent[] } {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { events: HistoryEvent[] };
}

beforeAll(async () => {
  const workflowsPath = new URL('../../workflows/index.ts', import.meta.url).pathname;
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
  const histories = FILES.map((file) => ({ history: historyOf(file), workflowId: idOf(file) }));
  // One worker for all, which has a thread and the bundle to load. It tells of one after the other.
  for await (const result of Worker.runReplayHistories({ workflowBundle }, histories)) {
    results.push(result);
  }
});

/** The id of the workflow, which the ids of its children are made of. */
function idOf(file: string): string {
  const [started] = historyOf(file).events;
  return started?.workflowExecutionStartedEventAttributes?.workflowId ?? file;
}

/** What some events of all histories name, each once. */
function recorded(nameIn: (event: HistoryEvent) => string | undefined): string[] {
  const names = FILES.flatMap((file) =>
    historyOf(file).events.flatMap((event) => nameIn(event) ?? []),
  );
  return [...new Set(names)].sort();
}

test('there is a history of every workflow that is registered', () => {
  const types = recorded(
    (event) => event.workflowExecutionStartedEventAttributes?.workflowType.name,
  );
  expect(types).toEqual(Object.keys(workflows).sort());
});

test('every activity is called in a history', () => {
  const types = recorded((event) => event.activityTaskScheduledEventAttributes?.activityType.name);
  const activities = createActivities({
    ...{
      cluster: openCluster(),
      namespace: 'holdfast',
      installation: () => Promise.resolve('test'),
    },
    ...NO_VOLUMES,
    store: () => {
      throw new Error('no activity is run');
    },
    isServed: () => Promise.resolve(true),
  });
  const all = [
    ...Object.keys(activities),
    ...NODE_ACTIVITIES,
    ...PLUGIN_ACTIVITIES,
    ...NOTIFICATION_ACTIVITIES,
  ];
  expect(types).toEqual(all.sort());
});

test.each(FILES)('the history %s replays', (file) => {
  const { workflowId, error } = results[FILES.indexOf(file)] ?? {};
  expect({ workflowId, error }).toEqual({ workflowId: idOf(file), error: undefined });
});

test('a workflow that was changed so that a history no longer fits fails to replay it', async () => {
  const changed = await changedBundle({
    ...{ path: 'workflows/backup-archive.ts', from: '.assembleBackup(', to: '.verifyBackup(' },
  });
  const replay = (file: string): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle: changed }, historyOf(file), file);
  await expect(replay('backup-sharded.json')).rejects.toThrow('TMPRL1100');
  await expect(replay('restore.json')).resolves.toBeUndefined();
});
