import { Value } from 'typebox/value';
import { expect, test } from 'vitest';

import {
  asLine,
  asServerSent,
  runEvents,
  type Told,
  type Watch,
} from '../../../api/events/run-events.ts';
import { RunEventSchema, ServerSentEventSchema } from '../../../api/schemas/run-event.ts';
import type { BackupResource } from '../../../domain/api-resource.ts';
import { Failure } from '../../../domain/failure.ts';
import type { Phase } from '../../../domain/phase.ts';

// Goal: who follows a run hears each difference once, and always its end. Method: a row of looks, each a run, or how it
// fails.

function run(phase: Phase, itemsDone = 0): BackupResource {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Backup' },
    metadata: {
      name: 'b',
      uid: 'u',
      location: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { cluster: 'local', includedNamespaces: ['a'], excludedNamespaces: [], ttl: '1h0m0s' },
    status: { phase, progress: { itemsDone, itemsTotal: 9 }, warnings: 0, errors: 0 },
  };
}

type Look = BackupResource | Failure;

async function told(looks: readonly Look[], more: Partial<Watch> = {}): Promise<Told[]> {
  const rest = [...looks];
  const all: Told[] = [];
  const look = (): Promise<BackupResource> => {
    const next = rest.shift() ?? new Failure('internal', 'looked too often');
    return next instanceof Failure ? Promise.reject(next) : Promise.resolve(next);
  };
  const signal = new AbortController().signal;
  for await (const one of runEvents({
    name: 'b',
    look,
    lastId: undefined,
    signal,
    lookMs: 1,
    ...more,
  })) {
    all.push(one);
  }
  return all;
}

const eventsOf = (all: readonly Told[]): string[] =>
  all.map((one) => (one === 'keep-alive' ? one : one.event));

const AWAY = new Failure('temporal-unreachable', 'Temporal does not answer');
const GONE = new Failure('not-found', 'there is none');

test.each<[string, readonly Look[], string[]]>([
  [
    'each difference once',
    [run('New'), run('New'), run('InProgress', 1), run('InProgress', 2), run('Completed')],
    ['phase', 'phase', 'progress', 'done'],
  ],
  ['the end of one that had ended', [run('Completed')], ['done']],
  [
    'what keeps it from being looked at, once',
    [run('New'), AWAY, AWAY, run('New'), run('Completed')],
    ['phase', 'problem', 'progress', 'done'],
  ],
  ['that it is gone', [run('Deleting'), GONE], ['phase', 'gone']],
])('tells %s', async (_case, looks, events) => {
  expect(eventsOf(await told(looks))).toEqual(events);
});

test('a run that is not there is told by a failure, before anything else', async () => {
  await expect(told([GONE])).rejects.toBe(GONE);
});

test('who comes again hears what differs from what they had, and the end in any case', async () => {
  const [first] = await told([run('New'), run('Completed')]);
  const lastId = first === undefined || first === 'keep-alive' || !('id' in first) ? '' : first.id;
  expect(lastId).not.toBe('');
  const again = await told([run('New'), run('New', 1), run('Completed')], { lastId });
  expect(eventsOf(again)).toEqual(['progress', 'done']);
  const [done] = await told([run('Completed')]);
  const doneId = done !== undefined && done !== 'keep-alive' && 'id' in done ? done.id : '';
  expect(eventsOf(await told([run('Completed')], { lastId: doneId }))).toEqual(['done']);
});

test('ends when its reader goes', async () => {
  const reader = new AbortController();
  const all: Told[] = [];
  const look = (): Promise<BackupResource> => Promise.resolve(run('InProgress'));
  const watch = { name: 'b', look, lastId: undefined, signal: reader.signal, lookMs: 60_000 };
  for await (const one of runEvents(watch)) {
    all.push(one);
    reader.abort();
  }
  expect(eventsOf(all)).toEqual(['phase']);
});

test('writes events as browsers and as scripts read them', async () => {
  const [done] = await told([run('Completed')]);
  const text = asServerSent(done ?? 'keep-alive');
  expect(text).toMatch(/^id: [0-9a-f]{16}\nevent: done\ndata: \{.*\}\n\n$/);
  expect(JSON.parse(asLine(done ?? 'keep-alive'))).toMatchObject({
    event: 'done',
    data: { metadata: { name: 'b' } },
  });
  expect([asServerSent('keep-alive'), asLine('keep-alive')]).toEqual([': nothing new\n\n', '\n']);
});

test.each<[string, Look]>([
  ['a run', run('Completed')],
  ['a run that is gone', GONE],
])('an event of %s is in either form as its schema says', async (_, look) => {
  const event = (await told([run('InProgress'), look])).at(-1);
  expect(Value.Errors(RunEventSchema, JSON.parse(asLine(event ?? 'keep-alive')))).toEqual([]);
  const fields = asServerSent(event ?? 'keep-alive')
    .trimEnd()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
  expect(Value.Errors(ServerSentEventSchema, Object.fromEntries(fields))).toEqual([]);
});
