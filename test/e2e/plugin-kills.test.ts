import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import { ITEMS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import { pluginsWorkflowId } from '../../domain/workflow-id.ts';
import { historyEvents } from '../support/history-events.ts';
import { KILLED_PARTS, PluginKills, toldProgress } from '../support/plugin-kills.ts';

// Goal: a backup completes after the operations that plugins began for it, and never before, whatever is killed meanwhile,
// and costs little history. Method: a plugin as a process of its own, with 500 operations that go on until they are told to
// end; while they do, the plugin, the worker and Temporal are each killed and started again. `make test-kill-plugins` does
// it at random points, for minutes.

const OPERATIONS = 500;
const EVENTS_MAX = 2000;
/** Questions of the status of a hundred operations, which leave no event behind. */
const POLLS = 100;
const AWAY_MS = 500;
const BACKUP = 'killed';
let kills: PluginKills;
let run: RunResource | undefined;

beforeAll(async () => {
  kills = await PluginKills.start(OPERATIONS, { pollMs: 200 });
});

afterAll(async () => {
  await kills.stop();
});

test('a backup waits for operations while plugin, worker and Temporal are killed', async () => {
  await kills.createBackup(BACKUP);
  const { installation } = kills;
  const look = () => installation.look('backups', BACKUP);
  await expect.poll(async () => toldProgress(await look())).toBeGreaterThan(0);
  const uid = (await look())?.metadata.uid ?? '';
  const watch = kills.watched(BACKUP);
  for (const part of KILLED_PARTS) {
    await kills.disturb(part, AWAY_MS);
    await kills.expectProgress(BACKUP, uid);
    expect(kills.operations(uid).filter(({ endedMs }) => endedMs !== undefined)).toEqual([]);
  }
  expect((await look())?.status.phase).toBe('WaitingForPluginOperations');
  const polls = () => kills.operations(uid).reduce((sum, one) => sum + one.polls, 0);
  await expect.poll(() => polls() / ITEMS_PER_CALL).toBeGreaterThan(POLLS);
  await kills.letEnd();
  const { atMs, run: ended } = await watch;
  run = ended;
  const operations = kills.operations(uid);
  expect(operations).toHaveLength(OPERATIONS);
  const endedMs = Math.max(...operations.map((one) => one.endedMs ?? Infinity));
  expect(atMs).toBeGreaterThan(endedMs);
  const { phase, completionTimestamp = '', operations: told } = ended.status;
  expect({ phase, ...told }).toEqual({
    ...{ phase: 'Completed', total: OPERATIONS },
    ...{ completed: OPERATIONS, failed: 0 },
  });
  // It is told in whole seconds.
  expect(Date.parse(completionTimestamp) + 1000).toBeGreaterThan(endedMs);
});

test('500 operations that are asked about again and again cost less than 2,000 events', async () => {
  const { workflowId: id = '', runId } = run?.status.temporal ?? {};
  const children = (['items', 'operations'] as const).map((part) =>
    pluginsWorkflowId(id, part, runId),
  );
  const events = Object.values(await historyEvents(kills.installation, [id, ...children]));
  process.stderr.write(`events of backup, items and operations: ${events.join(', ')}\n`);
  expect(Math.min(...events)).toBeGreaterThan(0);
  expect(events.reduce((sum, one) => sum + one, 0)).toBeLessThan(EVENTS_MAX);
});
