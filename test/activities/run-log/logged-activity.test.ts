import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { redactFailures } from '../../../activities/redact-failures.ts';
import { tellRunLog } from '../../../activities/run-log/activity-log.ts';
import { logActivity } from '../../../activities/run-log/logged-activity.ts';
import { RunLogs } from '../../../activities/run-log/run-logs.ts';
import { Failure } from '../../../domain/failure.ts';
import { backupFolder } from '../../../domain/object-key.ts';
import type { RunLogEntry } from '../../../domain/run-log/entry.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { listLogParts, readLogPart } from '../../../storage/run-log/log-parts.ts';

// Goal: what an activity tells is stored when it has ended, and a store that fails keeps no activity from ending.
// Method: activities of the test's own, a folder as store.

const RUN = { location: 'default', name: 'b', runUid: 'u' };
const PLACE = { folder: backupFolder('b'), runUid: 'u' };
const STEP = {
  activityType: 'exportShard',
  attempt: 1,
  workflowId: 'backup/default/b',
  input: RUN,
};
let folder: string;
let store: ObjectStore;
let isAway = false;
const lost: number[] = [];
let logs: RunLogs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-logged-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  isAway = false;
  lost.length = 0;
  const put = store.put.bind(store);
  store.put = (key, body) =>
    isAway ? Promise.reject(new Failure('location-unreachable', 'away')) : put(key, body);
  logs = new RunLogs({ store: () => store, onLost: (_run, lines) => lost.push(lines) });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('what an activity warns of is stored when it has ended', async () => {
  await logActivity(logs, STEP, () => {
    tellRunLog({ level: 'warning', source: 'holdfast', message: 'token=abc is odd' });
    return Promise.resolve({ items: 3, archive: { sizeBytes: 1 } });
  });
  const [begin, warning, end] = await entries();
  expect(begin).toMatchObject({
    level: 'info',
    step: 'exportShard',
    message: 'exportShard begins',
  });
  expect(warning).toMatchObject({ level: 'warning', message: 'token=*** is odd' });
  expect(end?.message).toMatch(/^exportShard ends after \d+\.\d s: 3 items$/);
});

test('an attempt that fails is told with code, object, cause, hint and its number, and no text of others', async () => {
  const cause = Object.assign(new Error('value s3cr3t'), { code: 'ECONNREFUSED' });
  const failed = logActivity(logs, { ...STEP, attempt: 2 }, () =>
    redactFailures(() => {
      throw new Failure('cluster-unreachable', 'no answer', { subject: 'pods', cause });
    }),
  );
  await expect(failed).rejects.toThrow('no answer');
  expect((await entries()).at(-1)).toMatchObject({
    ...{ level: 'warning', code: 'cluster-unreachable', object: 'pods', attempt: 2 },
    ...{ cause: 'Error ECONNREFUSED', message: 'no answer', step: 'exportShard' },
    hint: 'check the kubeconfig and the network of the worker',
  });
  expect(JSON.stringify(await entries())).not.toContain('s3cr3t');
});

test('shards that were applied are told by what they have together', async () => {
  const shards = [
    { shard: 0, items: 4, failed: 1 },
    { shard: 1, items: 5 },
  ];
  await logActivity(logs, STEP, async () => {
    await tellWarning();
    return { shards };
  });
  expect((await entries()).at(-1)?.message).toContain(' s: 9 items, 2 shards, 1 failed');
});

test('what is not of a run is not told', async () => {
  const preview = { ...STEP, workflowId: 'preview/default/b/1', input: { spec: {} } };
  await logActivity(logs, preview, tellWarning);
  await logActivity(logs, { ...STEP, workflowId: 'delete/default/b' }, tellWarning);
  await tellWarning();
  expect(await listLogParts(store, PLACE)).toEqual([]);
});

test('children of a run tell its log', async () => {
  await logActivity(logs, { ...STEP, workflowId: 'backup/default/b/volumes-0' }, tellWarning);
  expect(await entries()).toHaveLength(3);
});

test('a run that is refused leaves nothing, and one that is accepted has what was told before', async () => {
  const open = { ...STEP, activityType: 'openBackup' };
  await logActivity(logs, open, () => Promise.resolve({ kind: 'refused' }));
  await logActivity(
    logs,
    { ...STEP, activityType: 'cleanBackup', input: { ...RUN, scope: 'claim' } },
    tellWarning,
  );
  expect(await listLogParts(store, PLACE)).toEqual([]);
  await logActivity(logs, open, () => Promise.resolve({ kind: 'accepted' }));
  await vi.waitFor(async () => {
    expect((await entries()).map(({ step }) => step)).toEqual(['openBackup', 'openBackup']);
  });
});

test('lines that could not be stored come with the next ones, and no activity waits for long', async () => {
  isAway = true;
  await logActivity(logs, STEP, tellWarning);
  expect(lost).toEqual([3]);
  isAway = false;
  await logActivity(logs, { ...STEP, activityType: 'verifyBackup' }, tellWarning);
  const steps = (await entries()).map(({ step }) => step);
  expect(steps).toEqual([
    ...Array<string>(3).fill('exportShard'),
    ...Array<string>(3).fill('verifyBackup'),
  ]);
});

test('a store that does not answer at all is waited for two seconds', async () => {
  store.put = () => new Promise(() => undefined);
  const startedAtMs = performance.now();
  await logActivity(logs, STEP, tellWarning);
  expect(performance.now() - startedAtMs).toBeLessThan(10_000);
});

test('of more lines than are kept, those that are too many are counted', async () => {
  isAway = true;
  await logActivity(logs, STEP, async () => {
    for (let line = 0; line < 2500; line++) {
      await tellWarning();
    }
  });
  isAway = false;
  await logActivity(logs, STEP, tellWarning);
  const told = await entries();
  const leftOut = told.reduce((sum, entry) => sum + (entry.leftOut ?? 0), 0);
  const lines = told.filter((entry) => entry.leftOut === undefined).length;
  expect(lines + leftOut).toBe(2502 + 3);
  expect(leftOut).toBeGreaterThan(0);
});

test('what a long activity tells is stored while it goes on', async () => {
  const over = new AbortController();
  const running = logActivity(logs, STEP, async () => {
    await tellWarning();
    await sleep(60_000, undefined, { signal: over.signal }).catch(() => undefined);
  });
  const until = { timeout: 10_000 };
  await vi.waitFor(async () => {
    expect(await entries()).toHaveLength(2);
  }, until);
  over.abort();
  await running;
});

test('nothing is stored after the files of the run have gone', async () => {
  await logActivity(logs, STEP, tellWarning);
  const clean = { ...STEP, activityType: 'cleanBackup', input: { ...RUN, scope: 'work' } };
  const before = (await entries()).length;
  await logActivity(logs, clean, tellWarning);
  expect(await entries()).toHaveLength(before);
});

test.each([
  { after: 'the files of the run have gone', step: { activityType: 'cleanBackup', scope: 'work' } },
  { after: 'its log was put together', step: { activityType: 'commitBackup' } },
])('a lost attempt that ends after $after stores nothing', async ({ step }) => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const late = logActivity(logs, STEP, async () => {
    await ended;
    await tellWarning();
  });
  const { activityType, ...more } = step;
  const last = { ...STEP, activityType, input: { ...RUN, ...more } };
  await logActivity(logs, last, () => Promise.resolve());
  const before = await listLogParts(store, PLACE);
  end();
  await late;
  expect(await listLogParts(store, PLACE)).toEqual(before);
});

function tellWarning(): Promise<void> {
  tellRunLog({ level: 'warning', source: 'holdfast', message: 'w' });
  return Promise.resolve();
}

async function entries(): Promise<RunLogEntry[]> {
  const parts = await listLogParts(store, PLACE);
  const lines = await Promise.all(parts.map(({ key }) => readLogPart(store, key)));
  return lines.flat().map((line) => JSON.parse(line) as RunLogEntry);
}
