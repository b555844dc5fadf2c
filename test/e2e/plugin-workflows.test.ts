import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { PLUGIN_ITEMS_WORKFLOW } from '../../workflows/contract.ts';
import type { PluginItemsInput, PluginItemsResult } from '../../workflows/contract.ts';
import { listed, plugin, PluginRunFixture, RUN } from '../support/plugin-run.ts';
import { PluginWorkflows } from '../support/plugin-workflows.ts';
import { TestPlugin } from '../support/test-plugin.ts';

// Goal: what a plugin may have begun is never forgotten, however its calls end. Method: the workflows themselves, on a real
// Temporal server; a run in a folder, and plugins of this process.

Runtime.install({ logger: new DefaultLogger('ERROR') });
const TIMES = { unavailableTimeout: '1s', callTimeout: '5s' };
let workflows: PluginWorkflows;

beforeAll(async () => {
  workflows = await PluginWorkflows.start();
});
afterAll(async () => {
  await workflows.stop();
});

async function withPlugin(
  run: (of: { fixture: PluginRunFixture; cluster: string; mover: TestPlugin }) => Promise<void>,
  items: readonly string[] = ['web'],
): Promise<void> {
  const fixture = await PluginRunFixture.open({ configMaps: items.map((name) => listed(name)) }, [
    { ...plugin('mover', [{ name: 'upload' }]), spec: TIMES },
  ]);
  const cluster = await workflows.serveCluster(fixture.deps);
  await run({ fixture, cluster, mover: new TestPlugin({}) });
  await fixture.close();
}

test.each([
  { does: 'dies of the call', voids: 1 },
  { does: 'is not there', voids: 0 },
])('a plugin that $does has begun $voids operations that nobody knows of', async ({ voids }) => {
  await withPlugin(async ({ cluster, mover }) => {
    const worker = await workflows.servePlugin(cluster, 'mover', mover.activities);
    if (voids === 0) {
      await worker.stop();
    }
    mover.whole = () => {
      void worker.stop();
      throw ApplicationFailure.retryable('it dies');
    };
    const input: PluginItemsInput = { run: RUN, cluster };
    const result = await workflows.run<PluginItemsResult>(PLUGIN_ITEMS_WORKFLOW, input);
    expect(mover.calls).toHaveLength(voids);
    expect(result).toMatchObject({ operations: 0, errors: 1, voids });
  });
});
