import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { backupKeys, runLogPrefix } from '../../../domain/object-key.ts';
import type { RunLogEntry } from '../../../domain/run-log/entry.ts';
import type { LogLevel } from '../../../domain/run-log/level.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';
import { readAll } from '../../../storage/object-store/read-all.ts';
import { logLine } from '../../../storage/run-log/log-line.ts';
import { listLogParts, writeLogPart } from '../../../storage/run-log/log-parts.ts';
import { recordRunLog } from '../../../storage/run-log/record-run-log.ts';

// Goal: the log of a run has what its steps told, in the order of their times, bounded, and the same whoever joins it.
// Method: a folder with the parts that several writers left.

const keys = backupKeys('b');
const PLACE = { folder: keys.folder, runUid: 'u' };
const SUBJECT = { kind: 'Backup', name: 'b', runUid: 'u' } as const;
let folder: string;
let store: ObjectStore;
let parts = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-run-log-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('lines of several writers come by their times, with those of the run itself', async () => {
  await write(at(10, 'a'), at(40, 'd'));
  await write(at(20, 'b'), at(30, 'c'), at(60, 'f'));
  await write(at(50, 'e'));
  await recordRunLog(store, {
    ...{ keys, subject: SUBJECT },
    between: [at(0, 'started'), at(35, 'phase')],
    end: [at(45, 'ended')],
  });
  const words = ['started', 'a', 'b', 'c', 'phase', 'd', 'e', 'f', 'ended'];
  expect((await recorded()).map(({ message }) => message)).toEqual(words);
  const text = await textOf(keys.logs);
  expect(text.split('\n').slice(0, -1)).toHaveLength(words.length);
  expect(text).toContain('level=info msg="ended" backup=b run=u');
});

test('an attempt that comes later leaves the log as it is', async () => {
  await write(at(10, 'a'));
  const record = { keys, subject: SUBJECT, between: [], end: [at(20, 'ended')] };
  await recordRunLog(store, record);
  const before = await readAll(store, keys.runLog);
  await write(at(15, 'of a failed attempt'));
  await recordRunLog(store, { ...record, end: [at(20, 'ended otherwise')] });
  expect(await readAll(store, keys.runLog)).toEqual(before);
  expect(await textOf(keys.logs)).not.toContain('otherwise');
});

test('what is too much of one level is counted in one line, and other levels have their room', async () => {
  const lines = Array.from({ length: 20_005 }, (_, ms) => at(ms, 'info'));
  await write(...lines);
  await write(at(30_000, 'bad', 'error'), { ...at(30_001, 'lost'), leftOut: 7 });
  await recordRunLog(store, { keys, subject: SUBJECT, between: [], end: [at(40_000, 'ended')] });
  const log = await recorded();
  expect(log).toHaveLength(20_003);
  expect(log.slice(-3).map(({ message, leftOut }) => leftOut ?? message)).toEqual([
    ...['bad', 12, 'ended'],
  ]);
});

test('a part that is damaged counts as lines that are not there', async () => {
  await write(at(10, 'a'), at(11, 'b'));
  const [part] = await listLogParts(store, PLACE);
  await store.put(part?.key ?? '', Buffer.from('no gzip'));
  await recordRunLog(store, { keys, subject: SUBJECT, between: [], end: [at(20, 'ended')] });
  expect((await recorded()).map(({ leftOut }) => leftOut)).toEqual([2, undefined]);
});

test('keys of parts tell when they begin and how many lines they have', async () => {
  await write(at(123, 'a'), at(124, 'b'));
  const [part] = await listLogParts(store, PLACE);
  expect(part).toMatchObject({ timeMs: Date.parse('2026-01-01T00:00:00.123Z'), lines: 2 });
  expect(part?.key.startsWith(runLogPrefix(keys.folder, 'u'))).toBe(true);
});

test('a line is cut to 8 KiB, between characters, and says how much it lacks', () => {
  const long = '\u{1F600}"'.repeat(20_000);
  const entry = { ...at(0, long), cause: long, object: long, hint: long, node: long };
  const line = logLine(entry);
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(8 * 1024);
  const { message } = JSON.parse(line) as RunLogEntry;
  // Half a character would not survive the way through UTF-8.
  expect(Buffer.from(message).toString()).toBe(message);
  const [, kept = '', leftOut] = /^(.*) \[(\d+) characters left out\]$/s.exec(message) ?? [];
  expect(kept.length + Number(leftOut)).toBe(long.length);
  expect(kept.length).toBeGreaterThan(2000);
});

test('a line that is short enough is left alone', () => {
  const entry = at(0, 'x'.repeat(7000));
  expect(logLine(entry)).toBe(JSON.stringify(entry));
});

function at(ms: number, message: string, level: LogLevel = 'info'): RunLogEntry {
  const time = new Date(Date.parse('2026-01-01T00:00:00Z') + ms).toISOString();
  return { time, level, source: 'holdfast', step: 's', message };
}

function write(...entries: RunLogEntry[]): Promise<void> {
  parts += 1;
  return writeLogPart(store, PLACE, { lines: entries.map(logLine), attempt: String(parts) });
}

async function recorded(): Promise<RunLogEntry[]> {
  const lines = (await textOf(keys.runLog)).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunLogEntry);
}

async function textOf(key: string): Promise<string> {
  return gunzipSync(await readAll(store, key)).toString();
}
