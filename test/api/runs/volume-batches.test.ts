import { afterEach, expect, test } from 'vitest';

import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { volumeBatches } from '../../../api/runs/volume-batches.ts';

// Goal: a look at a run never fails, and never counts a volume twice, because of its batches. Method: batches that
// answer from a list, since no real one can be made to close between two calls.

const STATES = [{ volume: 0, name: 'shop/data', state: 'Moving' }];
type Run = Parameters<typeof volumeBatches>[1];
let temporal: TemporalRuns;

afterEach(() => temporal.close());

/** Children by the end of their ids, with their statuses; one without a status does not answer. */
function withBatches(statuses: Readonly<Record<string, string | undefined>>): Run {
  temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const handle = (workflowId: string) => {
    const name = statuses[workflowId.slice('backup/default/b/'.length)];
    const isAway = name === undefined;
    return {
      query: () => (isAway ? Promise.reject(new Error('no worker')) : Promise.resolve(STATES)),
      describe: () => Promise.resolve({ status: { name }, raw: { pendingActivities: [{}] } }),
    };
  };
  Object.defineProperty(temporal.client.workflow, 'getHandle', { value: handle });
  const pendingChildren = Object.keys(statuses).map((part) => ({
    workflowId: `backup/default/b/${part}`,
  }));
  return { workflowId: 'backup/default/b', raw: { pendingChildren } };
}

test('batches under way are asked, and no other children', async () => {
  const run = withBatches({ 'volumes-3': 'RUNNING', 'hooks-1': undefined });
  expect(await volumeBatches(temporal, run)).toEqual([{ volumes: STATES, pending: [{}] }]);
});

test('a run without batches under way has none', async () => {
  expect(await volumeBatches(temporal, withBatches({}))).toEqual([]);
});

test.each([
  ['does not answer', undefined],
  ['has ended meanwhile', 'COMPLETED'],
])('nothing is said of the volumes when a batch %s', async (_, status) => {
  const run = withBatches({ 'volumes-0': 'RUNNING', 'volumes-1': status });
  expect(await volumeBatches(temporal, run)).toBeUndefined();
});
