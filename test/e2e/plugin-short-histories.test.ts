import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { OperationsCall } from '../../domain/plugins/contract.ts';
import { OPERATIONS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import { recordTime } from '../../domain/duration.ts';
import {
  PLUGIN_ITEMS_WORKFLOW,
  PLUGIN_OPERATIONS_WORKFLOW,
  type PluginItemsInput,
  type PluginItemsResult,
  type PluginOperationsInput,
  type PluginOperationsResult,
} from '../../workflows/contract.ts';
import { changedBundle } from '../support/changed-bundle.ts';
import { listed, plugin, PluginRunFixture, RUN } from '../support/plugin-run.ts';
import { PluginWorkflows } from '../support/plugin-workflows.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: a plugin that answers at once though its operations run, and does not fail as it should, makes no history longer than
// the 2,000 events that are promised. Method: the workflows themselves on a real Temporal server, with pauses that begin with
// milliseconds, and as many operations as are waited for at the same time. Each history is replayed.

Runtime.install({ logger: new DefaultLogger('ERROR') });
const EVENTS_MAX = 2000;
const [ACTIONS, ITEMS] = [20, 50];
const OPERATIONS = ACTIONS * ITEMS;
/** How often each batch is answered for before its operations have ended. */
const ASKED = 12;
let workflowBundle: WorkflowBundle;
let workflows: PluginWorkflows;

beforeAll(async () => {
  workflowBundle = await changedBundle({
    path: 'domain/plugins/running.ts',
    from: 'ASK_AGAIN_MS = 30_000',
    to: 'ASK_AGAIN_MS = 100',
  });
  workflows = await PluginWorkflows.start(workflowBundle);
});
afterAll(async () => {
  await workflows.stop();
});

test('a plugin that answers while its operations run is asked in several runs of short histories', async () => {
  const actions = Array.from({ length: ACTIONS }, (_, index) => ({ name: `a-${String(index)}` }));
  const items = Array.from({ length: ITEMS }, (_, index) => listed(`item-${String(index)}`));
  const fixture = await PluginRunFixture.open({ configMaps: items }, [plugin('hasty', actions)]);
  const cluster = await workflows.serveCluster(fixture.deps);
  const hasty = new TestPlugin({});
  hasty.answer = ({ requestId }) => ({ operation: { id: requestId } });
  const asked = new Map<string, number>();
  const operationStatus = ({ operations }: OperationsCall) => {
    const [first] = operations;
    const before = asked.get(first?.requestId ?? '') ?? 0;
    asked.set(first?.requestId ?? '', before + 1);
    const phase = before < ASKED ? 'Running' : 'Completed';
    return Promise.resolve({
      operations: operations.map(({ requestId }) => ({ requestId, phase })),
    });
  };
  await workflows.servePlugin(cluster, 'hasty', { ...hasty.activities, operationStatus });
  const ask: PluginItemsInput = { run: RUN, cluster };
  const { rounds } = await workflows.run<PluginItemsResult>(PLUGIN_ITEMS_WORKFLOW, ask);
  const deadline = recordTime(Date.now() + 200_000);
  const input: PluginOperationsInput = { run: RUN, cluster, rounds, deadline };
  const started = await workflows.start(PLUGIN_OPERATIONS_WORKFLOW, input);
  // It is what the workflow gives.
  const result = (await started.result()) as PluginOperationsResult;
  expect(result).toMatchObject({ completed: OPERATIONS, failed: 0, notCancelled: [] });
  expect(hasty.cancelled).toEqual([]);
  expect(asked.size).toBe(OPERATIONS / OPERATIONS_PER_CALL);
  const histories = await workflows.histories(started);
  const lengths = histories.map(({ events }) => events?.length ?? 0);
  expect(lengths.length).toBeGreaterThan(1);
  expect(Math.max(...lengths)).toBeLessThan(EVENTS_MAX);
  for (const history of histories) {
    const replayed = Worker.runReplayHistory({ workflowBundle }, history, started.workflowId);
    await expect(replayed).resolves.toBeUndefined();
  }
  await fixture.close();
});
