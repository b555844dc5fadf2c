import { expect, test } from 'vitest';

import { parseTaskQueue, withoutCredentials } from '../../domain/server-status.ts';
import {
  clusterTaskQueue,
  nodeTaskQueue,
  pluginTaskQueue,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';

test.each([
  { name: WORKFLOW_TASK_QUEUE, role: 'workflows' },
  { name: clusterTaskQueue('east'), role: 'cluster', cluster: 'east' },
  {
    name: nodeTaskQueue('east', 'n-1.example.com'),
    role: 'node',
    cluster: 'east',
    node: 'n-1.example.com',
  },
  { name: pluginTaskQueue('east', 'mover'), role: 'plugin', cluster: 'east', plugin: 'mover' },
])('the name $name of a task queue says whose it is', (queue) => {
  expect(parseTaskQueue(queue.name)).toEqual(queue);
});

test.each([
  'orders',
  'holdfast.',
  'holdfast.cluster.',
  'holdfast.node.east',
  'holdfast-east.cluster.a',
])('the task queue %s is of somebody else', (name) => {
  expect(parseTaskQueue(name)).toBeUndefined();
});

test.each([
  ['temporal:7233', 'temporal:7233'],
  ['me:hush@temporal:7233', 'temporal:7233'],
  ['https://me:hush@temporal:7233/path', 'https://temporal:7233/path'],
  ['https://temporal/a@b', 'https://temporal/a@b'],
])('of the address %s %s is shown', (address, shown) => {
  expect(withoutCredentials(address)).toBe(shown);
});
