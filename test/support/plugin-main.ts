import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { heartbeat } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';

import type { ItemsCall, OperationsCall, PluginItem } from '../../domain/plugins/contract.ts';
import { endFile, type KeptOperation, readOperations, writeOperations } from './kept-operations.ts';

// A plugin that survives its own kill: what it does lies in a file, and a plugin that starts goes on with it. Its operations
// move one unit with each tick, and end when the test says so. A call of it takes as long as it is told.

const TICK_MS = 200;
const [taskQueue = '', stateFile = '', callMs = '0', pollMs = '0'] = process.argv.slice(2);

const operations = readOperations(stateFile);
const save = (): void => {
  writeOperations(stateFile, operations);
};

/** The operation of a request; one that the plugin was never told of begins. */
function operationOf(requestId: string, { name }: PluginItem): KeptOperation {
  return (operations[requestId] ??= { item: name, done: 0, asked: 0, polls: 0 });
}

function tick(): void {
  const isEnd = existsSync(endFile(stateFile));
  for (const operation of Object.values(operations)) {
    if (operation.endedMs === undefined && operation.cancelledMs === undefined) {
      operation.done += 1;
      if (isEnd) {
        operation.endedMs = Date.now();
      }
    }
  }
  save();
}

/** Begins what has not begun. What is answered lies in the file before it is answered. */
async function backupItems({ items }: ItemsCall): Promise<unknown> {
  for (const { requestId, item } of items) {
    const operation = operationOf(requestId, item);
    operation.asked += 1;
  }
  save();
  await sleep(Number(callMs));
  return { items: items.map(({ requestId }) => ({ requestId, operation: { id: requestId } })) };
}

function operationStatus(call: OperationsCall): Promise<unknown> {
  const statuses = call.operations.map(({ requestId, item }) => {
    const operation = operationOf(requestId, item);
    operation.polls += 1;
    const { done, endedMs, cancelledMs } = operation;
    const ended = endedMs === undefined ? 'Running' : 'Completed';
    const phase = cancelledMs === undefined ? ended : 'Cancelled';
    return { requestId, phase, progress: { done, unit: 'bytes' } };
  });
  const answer = { operations: statuses };
  if (statuses.some(({ phase }) => phase === 'Running')) {
    heartbeat(answer);
    throw ApplicationFailure.create({
      message: 'operations run',
      type: 'OperationRunning',
      details: [answer],
      nextRetryDelay: Number(pollMs),
      category: ApplicationFailureCategory.BENIGN,
    });
  }
  return Promise.resolve(answer);
}

/** Half of them is cancelled at once, and the rest later, so that a kill can come between. */
async function cancelOperation(call: OperationsCall): Promise<void> {
  for (const [index, { requestId, item }] of call.operations.entries()) {
    if (index === Math.floor(call.operations.length / 2)) {
      save();
      await sleep(Number(callMs));
    }
    const operation = operationOf(requestId, item);
    operation.cancelledMs ??= Date.now();
  }
  save();
}

function deleteBackup(call: OperationsCall): Promise<void> {
  for (const { requestId } of call.operations) {
    const operation = operations[requestId];
    if (operation !== undefined) {
      operation.deletedMs ??= Date.now();
    }
  }
  save();
  return Promise.resolve();
}

const describePlugin = () =>
  Promise.resolve({
    contract: 'v1',
    backupActions: [
      { name: 'upload', selector: { labelSelector: { matchLabels: { plugin: 'yes' } } } },
    ],
  });

setInterval(tick, TICK_MS);
const activities = { describePlugin, backupItems, operationStatus, cancelOperation, deleteBackup };
const connection = await NativeConnection.connect({
  address: process.env['TEMPORAL_ADDRESS'] ?? '',
});
const worker = await Worker.create({ connection, namespace: 'default', taskQueue, activities });
process.stdout.write('plugin ready\n');
await worker.run();
