import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { NodeAgents } from '../support/node-agents.ts';

// Goal: the manifests run an agent on each node that can do its work there, and may do nothing else.
// Method: the manifests of deploy/ in the test bed's cluster, with the image of this checkout.

let installation: Installation;
let agents: NodeAgents;
beforeAll(async () => {
  installation = await Installation.start();
  agents = await NodeAgents.start(installation);
});
afterAll(async () => {
  await agents.stop();
  await installation.stop();
});

/** What identifies the workers that ask a queue for activities. */
async function pollersOf(queue: string): Promise<number> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: queue },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  await connection.close();
  return new Set(pollers.map(({ identity }) => identity)).size;
}

async function restartsOn(node: string): Promise<string> {
  const path = '{.status.containerStatuses[0].restartCount}';
  const pod = await agents.podOn(node);
  return kubectl('-n', installation.ownNamespace, 'get', 'pod', pod, '-o', `jsonpath=${path}`);
}

test('there is one agent on each node, which serves the queue of that node', async () => {
  const nodes = (await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(
    ' ',
  );
  expect(await agents.nodes()).toEqual(nodes.sort());
  for (const node of nodes) {
    const queue = `holdfast.node.${installation.name}.${node}`;
    await expect.poll(() => pollersOf(queue)).toBe(1);
  }
});

test('an agent that was killed comes back and serves its queue again', async () => {
  const [node = ''] = await agents.nodes();
  expect(await agents.kill(node, 'worker/main.ts')).toBe(1);
  await expect.poll(() => restartsOn(node)).toBe('1');
  await expect.poll(() => agents.log(node)).toContain('worker ready');
});
