import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { DataFolder } from '../../../cli/dev/data-folder.ts';
import { isRunning, markOf, type ProcessMark } from '../../../cli/dev/process-mark.ts';

// Goal: one Temporal server at a time has a database file, and no stranger is ended for it.
// Method: records as an earlier run leaves them, about real processes.

const GONE: ProcessMark = { pid: 2 ** 22, start: 'long ago' };
let path: string;
let other: ChildProcess;
let mark: ProcessMark;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'holdfast-data-'));
  other = spawn('sleep', ['600']);
  mark = markOf(other.pid ?? 0) ?? GONE;
});

afterEach(async () => {
  other.kill('SIGKILL');
  await rm(path, { recursive: true });
});

function leave(record: unknown): Promise<void> {
  return writeFile(join(path, 'temporal.pid.json'), JSON.stringify(record));
}

test('a server that was left behind is ended', async () => {
  await leave({ dev: GONE, server: mark });
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await DataFolder.take(path);
  expect(isRunning(mark)).toBe(false);
  const pid = String(mark.pid);
  expect(write.mock.calls).toEqual([
    [`holdfast: ending the Temporal server that an earlier run left behind (pid ${pid})\n`],
  ]);
  write.mockRestore();
});

test('a process that only has the pid of the old server is left alone', async () => {
  await leave({ dev: GONE, server: { ...mark, start: `${mark.start}0` } });
  await DataFolder.take(path);
  expect(isRunning(mark)).toBe(true);
});

test('a folder of a dev that still runs is refused, and its server is left alone', async () => {
  await leave({ dev: mark, server: mark });
  await expect(DataFolder.take(path)).rejects.toThrow(
    `the holdfast dev with pid ${String(mark.pid)} uses the data folder ${path}`,
  );
  expect(isRunning(mark)).toBe(true);
});

test('a server that was started is on record for the next run', async () => {
  const folder = await DataFolder.take(join(path, 'new'));
  folder.recordServer(mark.pid);
  const text = await readFile(join(path, 'new', 'temporal.pid.json'), 'utf8');
  expect(JSON.parse(text)).toEqual({ dev: markOf(process.pid), server: mark });
});

test('a record that is not whole counts as none', async () => {
  await writeFile(join(path, 'temporal.pid.json'), '{"dev":');
  await DataFolder.take(path);
  await leave({ dev: { pid: 'x' } });
  await expect(DataFolder.take(path)).resolves.toBeDefined();
});
