import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type LogWatch, runLogLines } from '../../../api/run-log/run-log.ts';
import { StoredParts } from '../../../api/run-log/stored-parts.ts';
import type { RunResource } from '../../../domain/api-resource.ts';
import { Failure } from '../../../domain/failure.ts';
import { backupKeys } from '../../../domain/object-key.ts';
import type { Phase } from '../../../domain/phase.ts';
import type { RunLogEntry } from '../../../domain/run-log/entry.ts';
import type { LogLevel } from '../../../domain/run-log/level.ts';
import type { PhaseChange } from '../../../domain/run-status.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { logLine } from '../../../storage/run-log/log-line.ts';
import { writeLogPart } from '../../../storage/run-log/log-parts.ts';
import { recordRunLog } from '../../../storage/run-log/record-run-log.ts';

// Goal: who reads or follows a log gets each of its lines once, wherever they lie by then. Method: a folder, and a run
// whose phase the test says.

const keys = backupKeys('b');
const PLAN: PhaseChange = { time: timeAt(5), phase: 'InProgress', step: 'plan' };
const COMMIT: PhaseChange = { time: timeAt(50), phase: 'Finalizing', step: 'commit' };
let folder: string;
let store: ObjectStore;
let phase: Phase = 'InProgress';
let phases: PhaseChange[] = [];
let parts = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-read-log-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  phase = 'InProgress';
  phases = [PLAN];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('what a run under way has told so far is read, with its phases', async () => {
  await write(at(0, 'a'), at(10, 'b'));
  expect(await read()).toEqual(['a', 'InProgress: plan', 'b']);
});

test('a log is followed to the end of its record, each line once', async () => {
  await write(at(0, 'a'));
  const told: string[] = [];
  for await (const line of follow({})) {
    const [message] = messageOf(line);
    told.push(...messageOf(line));
    if (message === 'InProgress: plan') {
      phases = [PLAN, COMMIT];
      await write(at(3, 'late'), at(7, 'a'));
    }
    if (message === 'Finalizing: commit') {
      await write(at(60, 'not seen before the end'));
      await end();
    }
  }
  expect(told).toEqual([
    ...['a', 'InProgress: plan', 'late', 'a', 'Finalizing: commit'],
    ...['not seen before the end', 'ended'],
  ]);
});

test('the last lines are those of the level, and since a time', async () => {
  await write(at(0, 'a', 'error'), at(10, 'b'), at(20, 'c', 'warning'), at(30, 'd', 'error'));
  await end();
  expect(await read({ tailLines: 2 })).toEqual(['d', 'ended']);
  expect(await read({ selection: { level: 'warning' } })).toEqual(['a', 'c', 'd']);
  expect(await read({ selection: { level: 'warning' }, tailLines: 1 })).toEqual(['d']);
  const sinceMs = Date.parse(timeAt(20));
  expect(await read({ selection: { level: 'info', sinceMs } })).toEqual(['c', 'd', 'ended']);
  expect(await read({ tailLines: 0 })).toEqual([]);
});

test('what was left out by a tail does not come with the record', async () => {
  await write(at(0, 'a'), at(10, 'b'));
  const told: string[] = [];
  for await (const line of follow({ tailLines: 1 })) {
    told.push(...messageOf(line));
    if (line === '') {
      await end();
    }
  }
  expect(told).toEqual(['b', 'ended']);
});

test('of a run that was cut off, what its steps have left is read', async () => {
  await write(at(0, 'a'));
  phase = 'Failed';
  expect(await read()).toEqual(['a']);
});

test('a run without a log is a problem', async () => {
  phase = 'Completed';
  await expect(read()).rejects.toMatchObject({ code: 'log-missing', subject: keys.runLog });
});

test('what cannot be looked at now is looked at again', async () => {
  await write(at(0, 'a'));
  let looks = 0;
  const told: string[] = [];
  const look = async (): Promise<RunResource> => {
    looks += 1;
    if (looks === 2) {
      throw new Failure('temporal-unreachable', 'away');
    }
    if (looks === 3) {
      await end();
    }
    return run();
  };
  for await (const line of follow({ look })) {
    told.push(...messageOf(line));
  }
  expect(told).toEqual(['a', 'InProgress: plan', 'ended']);
});

test('a run that is gone, or whose name another one has, is the end', async () => {
  let looks = 0;
  const look = (): Promise<RunResource> => {
    looks += 1;
    return looks === 1
      ? Promise.resolve(run())
      : Promise.reject(new Failure('not-found', 'it is gone'));
  };
  for await (const line of follow({ look })) {
    expect(messageOf(line)).not.toContain('ended');
  }
  expect(looks).toBe(2);
});

async function end(): Promise<void> {
  const ended = at(90, 'ended');
  const between = phases.map((change) => ({ ...at(0, ''), ...change }));
  const told = between.map(({ time, phase: name, step }): RunLogEntry => {
    const line = { time, level: 'info', source: 'holdfast', step } as const;
    return { ...line, message: `${name}: ${step}`, phase: name };
  });
  await recordRunLog(store, {
    ...{ keys, subject: { kind: 'Backup', name: 'b', runUid: 'u' } },
    ...{ between: phase === 'InProgress' ? told : [], end: [ended] },
  });
  phase = 'Completed';
}

function run(): RunResource {
  // The log looks at nothing else.
  return { kind: 'Backup', metadata: { name: 'b', uid: 'u' }, status: { phase } } as RunResource;
}

function watch(more: Partial<LogWatch>): LogWatch {
  return {
    ...{ location: 'default', store, parts: new StoredParts(() => store), isFollowed: false },
    ...{ look: () => Promise.resolve(run()), phasesOf: () => phases, lookMs: 1050 },
    ...{ selection: { level: 'info' }, signal: new AbortController().signal },
    ...more,
  };
}

function follow(more: Partial<LogWatch>): AsyncGenerator<string, void> {
  return runLogLines(watch({ isFollowed: true, ...more }));
}

async function read(more: Partial<LogWatch> = {}): Promise<string[]> {
  return (await Array.fromAsync(runLogLines(watch(more)))).flatMap(messageOf);
}

function messageOf(line: string): string[] {
  // Lines were written by `logLine`.
  return line === '' ? [] : [(JSON.parse(line) as RunLogEntry).message];
}

function timeAt(ms: number): string {
  return new Date(Date.parse('2026-01-01T00:00:00Z') + ms).toISOString();
}

function at(ms: number, message: string, level: LogLevel = 'info'): RunLogEntry {
  return { time: timeAt(ms), level, source: 'holdfast', step: 's', message };
}

function write(...entries: RunLogEntry[]): Promise<void> {
  parts += 1;
  const place = { folder: keys.folder, runUid: 'u' };
  return writeLogPart(store, place, { lines: entries.map(logLine), attempt: String(parts) });
}
