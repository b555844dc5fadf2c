import { readdirSync, readFileSync } from 'node:fs';

import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';

// Goal: a change of a workflow that would break a run under way is found before it is released. Method: every
// history in test/histories was recorded from a real run and is replayed against the present code.

const FOLDER = new URL('../histories/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const logger = new DefaultLogger('ERROR');
let workflowBundle: WorkflowBundle;

interface HistoryEvent {
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
}

function historyOf(file: string): { events: HistoryEvent[] } {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { events: HistoryEvent[] };
}

beforeAll(async () => {
  const workflowsPath = new URL('../../workflows/index.ts', import.meta.url).pathname;
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
});

test('there is a history of every workflow', () => {
  const types = FILES.map(
    (file) => historyOf(file).events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name,
  );
  expect([...new Set(types)].sort()).toEqual(['backup', 'delete', 'restore']);
});

test.each(FILES)('the history %s replays', async (file) => {
  await expect(
    Worker.runReplayHistory({ workflowBundle }, historyOf(file), file),
  ).resolves.toBeUndefined();
});

test('a workflow that no longer does what a history says fails to replay it', async () => {
  const history = historyOf('backup-sharded.json');
  const planned = history.events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'planBackup',
  );
  if (planned?.activityTaskScheduledEventAttributes !== undefined) {
    planned.activityTaskScheduledEventAttributes.activityType.name = 'verifyBackup';
  }
  expect(planned).toBeDefined();
  await expect(Worker.runReplayHistory({ workflowBundle }, history, 'changed')).rejects.toThrow();
});
