import { expect, test } from 'vitest';

import { type DeferredItem, DeferredItems } from '../../../domain/restore/deferred-items.ts';
import type { RestoreVerb } from '../../../domain/restore.ts';

// Goal: every item that was put aside is tried, in order, and gets one outcome. Method: tries are noted as the activity
// notes them.

function itemOf(name: string, { wave = 1, namespace = 'shop', resource = 'configmaps' } = {}) {
  const line = {
    ...{ group: '', version: 'v1', resource, kind: 'Kind', namespace, name, uid: name },
    ...{ bodyOffset: 0, bodyLength: 1, sha256: '' },
    member: { offset: 0, length: 1, sizeBytes: 1, sha256: '' },
  };
  const said = { version: 'v1', kind: 'Kind', verb: 'failed', reason: 'away' } as const;
  const outcome = { ...said, group: '', resource, namespace, name };
  return { line, wave, outcome } satisfies DeferredItem;
}

function outcomeOf({ line }: DeferredItem, verb: RestoreVerb, isPassing = false) {
  const { group, version, resource, kind, namespace, name } = line;
  const outcome = { group, version, resource, kind, namespace, name, verb, reason: 'said' };
  return { outcome, isPassing };
}

function namesOf(items: readonly DeferredItem[]): string[] {
  return items.map(({ line }) => line.name);
}

const [a, b, c] = [itemOf('a'), itemOf('b'), itemOf('c')];

test('one item of a type and namespace is tried at a time, and each has its turn', () => {
  const other = itemOf('other', { namespace: 'till' });
  const items = new DeferredItems([a, b, c, other]);
  const tried: string[] = [];
  for (let round = 0; round < 4; round++) {
    const [probe = a, ...more] = items.probesOf(1);
    expect(namesOf(more)).toEqual(['other']);
    items.note(probe, outcomeOf(probe, 'failed', true));
    expect(items.openOf(1)).toEqual([]);
    tried.push(probe.line.name);
  }
  expect(tried).toEqual(['a', 'b', 'c', 'a']);
});

test('when one is taken, the others of its type and namespace are tried', () => {
  const items = new DeferredItems([a, b, c, itemOf('other', { namespace: 'till' })]);
  items.note(a, outcomeOf(a, 'created'));
  expect(namesOf(items.openOf(1))).toEqual(['b', 'c']);
  expect(items.size).toBe(3);
  expect(items.first).toBe(b);
});

test.each<{ earlier: Parameters<typeof itemOf>[1]; isFinal: boolean }>([
  { earlier: { wave: 0 }, isFinal: false },
  { earlier: { wave: 0, namespace: '' }, isFinal: false },
  { earlier: { wave: 0, namespace: 'till' }, isFinal: true },
  { earlier: { wave: 1, resource: 'secrets' }, isFinal: true },
])('a refusal beside the waiting item $earlier is final: $isFinal', ({ earlier, isFinal }) => {
  const items = new DeferredItems([itemOf('earlier', earlier), a]);
  items.note(a, outcomeOf(a, 'failed'));
  expect(items.settled).toHaveLength(isFinal ? 1 : 0);
});

test('waves are in their order, and those that are done are gone', () => {
  const first = itemOf('first', { wave: 0 });
  const items = new DeferredItems([a, first, b]);
  expect(items.waves).toEqual([0, 1]);
  items.note(first, outcomeOf(first, 'created'));
  expect(items.waves).toEqual([1]);
  expect(namesOf(items.pendingOf(1))).toEqual(['a', 'b']);
});

test('each item has one outcome, and what still waits has failed', () => {
  const items = new DeferredItems([a, b, c]);
  items.note(a, outcomeOf(a, 'failed', true));
  items.note(b, outcomeOf(b, 'failed', true));
  items.note(b, outcomeOf(b, 'created'));
  expect(items.outcomes('over').map(({ name, verb, reason }) => [name, verb, reason])).toEqual([
    ['b', 'created', 'said'],
    ['c', 'failed', 'away; over'],
    ['a', 'failed', 'said; over'],
  ]);
});
