import { afterEach, expect, test } from 'vitest';

import { pluginCalls } from '../../../api/runs/run-operations.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';

// Goal: a look at a run tells what its plugins are asked, and never fails because of it. Method: children that answer from
// a list.

const RUN = 'backup/default/b';
let temporal: TemporalRuns;

afterEach(() => temporal.close());

/** What is under way in children of a run, by the end of their ids; one without anything does not answer. */
async function callsOf(children: Readonly<Record<string, readonly string[] | undefined>>) {
  temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const handle = (id: string) => ({
    describe: () => {
      const names = children[id.slice(RUN.length + 1)];
      const pendingActivities = names?.map((name) => ({ activityType: { name } }));
      return names === undefined
        ? Promise.reject(new Error('not there'))
        : Promise.resolve({ raw: { pendingActivities } });
    },
  });
  Object.defineProperty(temporal.client.workflow, 'getHandle', { value: handle });
  const pendingChildren = Object.keys(children).map((part) => ({ workflowId: `${RUN}/${part}` }));
  const calls = await pluginCalls(temporal, { workflowId: RUN, raw: { pendingChildren } });
  return calls.map(({ activityType }) => activityType?.name);
}

test('calls of the children that ask and tell plugins are told, and of no others', async () => {
  const children = {
    'plugin-items': ['backupItems'],
    'plugin-items-4000': ['restoreItems'],
    'plugin-cancel': ['cancelOperation'],
    'plugin-operations': ['operationStatus'],
    'plugin-left/uid': ['deleteBackup'],
    'plugin-operations/uid': ['operationStatus'],
    'volumes-0': ['copyVolume'],
  };
  expect(await callsOf(children)).toEqual([
    ...['backupItems', 'restoreItems', 'cancelOperation', 'deleteBackup'],
  ]);
});

test('a child that does not answer keeps nothing of the others back', async () => {
  expect(await callsOf({ 'plugin-items': undefined, 'plugin-left': ['deleteBackup'] })).toEqual([
    'deleteBackup',
  ]);
});
