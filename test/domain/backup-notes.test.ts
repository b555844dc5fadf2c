import fc from 'fast-check';
import { expect, test } from 'vitest';

import { addNotes, type BackupNotes, NoteTaker } from '../../domain/backup-notes.ts';
import type { CoverageReason } from '../../domain/coverage.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import type { WhyNot } from '../../domain/keep-object.ts';
import { RELATED_TYPES } from '../../domain/selection/related-items.ts';
import { typeOf } from '../support/stored-backup.ts';

// Goal: in however many parts a backup is written, its notes are the same. Method: one note taker hears everything, and
// several hear a part each; their notes are added.

const PODS = typeOf('Pod', 'pods');
const CLAIMS = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims');
const CLAIMS_OF_OTHERS = typeOf('PersistentVolumeClaim', 'persistentvolumeclaims.example.com');
const VOLUMES = typeOf('PersistentVolume', 'persistentvolumes', false);
const WIDGETS = typeOf('Widget', 'widgets.example.com');
const NO_PROBLEMS = { errors: [], warnings: [] };

interface Event {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
  readonly what: 'keep' | 'other-version' | 'look' | WhyNot;
}

/** Names are unique within a type, as they are in a listing. */
const events = fc
  .array(
    fc.record({
      type: fc.constantFrom(PODS, CLAIMS, VOLUMES, WIDGETS),
      // The last has the name of something that every object inherits.
      namespace: fc.constantFrom('a', 'b', 'constructor'),
      what: fc.constantFrom<Event['what']>(
        ...(['keep', 'keep', 'keep', 'other-version', 'look'] as const),
        ...(['being-deleted', 'exclude-label', 'not-selected'] as const),
      ),
      hasHook: fc.boolean(),
    }),
    { maxLength: 80 },
  )
  .map((made) =>
    made.map(({ type, namespace, what, hasHook }, index): Event => {
      const annotations = hasHook ? { 'pre.hook.backup.velero.io/command': 'sync' } : {};
      const home = type.isNamespaced ? { namespace } : {};
      const metadata = { name: `n${String(index)}`, annotations, ...home };
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
      return { type, what, object: { metadata, spec: { volumes, volumeName: 'pv-1' } } };
    }),
  );

function notesOf(heard: readonly Event[]): BackupNotes {
  const taker = new NoteTaker(RELATED_TYPES);
  for (const { type, object, what } of heard) {
    if (what === 'keep') {
      taker.keep(type, object);
    } else if (what === 'other-version') {
      taker.keepOtherVersion({ ...type, version: 'v1beta1' });
    } else if (what === 'look') {
      taker.look(type, object);
    } else {
      taker.leaveOut(type, object, what);
    }
  }
  return taker.notes(NO_PROBLEMS);
}

/** Notes without the order in which types and names were met for the first time. */
function sorted({ tallies, related, ...notes }: BackupNotes) {
  return {
    ...notes,
    tallies: new Set(tallies.map((tally) => ({ ...tally, leftOut: new Set(tally.leftOut) }))),
    names: Object.fromEntries(
      Object.entries(related.names).map(([type, names]) => [type, new Set(names)]),
    ),
    serviceAccounts: new Set(related.serviceAccounts),
  };
}

test('the notes of parts, added, are the notes of the whole', () => {
  fc.assert(
    fc.property(events, fc.array(fc.nat({ max: 80 }), { maxLength: 4 }), (heard, cuts) => {
      const places = [0, ...cuts.map((cut) => Math.min(cut, heard.length)), heard.length];
      places.sort((left, right) => left - right);
      const parts = places.slice(1).map((end, index) => notesOf(heard.slice(places[index], end)));
      expect(sorted(addNotes(parts))).toEqual(sorted(notesOf(heard)));
    }),
  );
});

test('notes of nothing, added, are notes of nothing', () => {
  expect(addNotes([])).toEqual(notesOf([]));
});

test('what was never asked for is not counted, and of the rest the first twenty are named', () => {
  const taker = new NoteTaker([]);
  for (let index = 0; index < 25; index++) {
    const metadata = { name: `n${String(index)}`, namespace: 'a' };
    taker.leaveOut(PODS, { metadata }, 'being-deleted');
    taker.leaveOut(WIDGETS, { metadata }, 'not-selected');
  }
  taker.leaveOut(VOLUMES, { metadata: { name: 'pv-1' } }, 'exclude-label');
  const first20 = Array.from({ length: 20 }, (_, index) => `a/n${String(index)}`);
  const leftOutOf = ({ tallies }: BackupNotes) =>
    tallies.map(({ type, leftOut }) => ({ type, leftOut }));
  const notes = taker.notes(NO_PROBLEMS);
  expect(leftOutOf(notes)).toEqual([
    { type: 'pods', leftOut: [{ reason: 'being-deleted', items: 25, examples: first20 }] },
    {
      type: 'persistentvolumes',
      leftOut: [{ reason: 'exclude-label', items: 1, examples: ['pv-1'] }],
    },
  ]);
  expect(leftOutOf(addNotes([notes, notes]))[0]?.leftOut).toEqual([
    { reason: 'being-deleted', items: 50, examples: first20 },
  ]);
});

test('the first five texts of plugins about what they leave out are told, each once', () => {
  const taker = new NoteTaker([]);
  const texts = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => text.repeat(301));
  for (const text of ['a', ...texts]) {
    taker.leaveOut(PODS, { metadata: { name: 'web', namespace: 'a' } }, 'plugin-skip');
    taker.explain(PODS, 'plugin-skip', text);
  }
  const notes = taker.notes(NO_PROBLEMS);
  const told = ['a', ...texts.slice(0, 4).map((text) => text.slice(0, 300))];
  expect(notes.tallies[0]?.leftOut[0]).toMatchObject({ items: 7, texts: told });
  expect(addNotes([notes, notes]).tallies[0]?.leftOut[0]).toMatchObject({ items: 14, texts: told });
});

test('claims that are left out are taken down with the reason, and other objects are not', () => {
  const taker = new NoteTaker([]);
  const metadata = { name: 'data', namespace: 'shop' };
  taker.leaveOut(CLAIMS, { metadata }, 'being-deleted');
  taker.leaveOut(CLAIMS, { metadata: { ...metadata, name: 'logs' } }, 'exclude-label');
  taker.leaveOut(CLAIMS, { metadata: { ...metadata, name: 'other' } }, 'not-selected');
  taker.leaveOut(PODS, { metadata }, 'exclude-label');
  taker.leaveOut(CLAIMS_OF_OTHERS, { metadata }, 'exclude-label');
  expect(taker.notes(NO_PROBLEMS).absentClaims).toEqual([
    { namespace: 'shop', name: 'data', reason: 'being-deleted' },
    { namespace: 'shop', name: 'logs', reason: 'exclude-label' },
  ]);
});

test('a type that one part could not list stays failed when other parts could', () => {
  const failed = (reason: CoverageReason): BackupNotes => {
    const taker = new NoteTaker([]);
    taker.fail(PODS, reason);
    return taker.notes({
      errors: [{ code: 'cluster-forbidden', message: 'no', subject: 'pods' }],
      warnings: [],
    });
  };
  const fine = notesOf([
    { type: PODS, what: 'keep', object: { metadata: { name: 'p', namespace: 'a' } } },
  ]);
  for (const parts of [
    [failed('forbidden'), fine],
    [fine, failed('forbidden'), failed('forbidden')],
  ]) {
    const { tallies, problems } = addNotes(parts);
    expect(tallies).toMatchObject([{ type: 'pods', kept: 1, reason: 'forbidden' }]);
    expect(problems.errors.map(({ subject }) => subject)).toEqual(['pods']);
  }
});
