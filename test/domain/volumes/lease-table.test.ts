import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  askLease,
  endLease,
  endLeasesOf,
  LEASE_PURPOSES,
  leaseAnswer,
  type LeaseChange,
  leaseHolders,
  type LeasePurpose,
  leaseRefusal,
  type LeaseRequest,
  type LeaseTable,
  newLeaseTable,
} from '../../../domain/volumes/lease-table.ts';

// Goal: whoever asks, gives back and dies in whatever order, a repository is never used by two that exclude each other,
// and nobody waits for ever.

const PATIENCE_MS = 1000;
const EPOCH = 100;

function request(name: string, purpose: LeasePurpose = 'Backup'): LeaseRequest {
  const leaseId = `${name}/lease`;
  return purpose === 'Maintenance'
    ? { leaseId, purpose }
    : { leaseId, purpose, holder: { workflowId: `backup/default/${name}`, runId: name } };
}

const at = (nowMs: number) => ({ nowMs, patienceMs: PATIENCE_MS });

/** A table after some have asked, one per millisecond. */
function asked(...requests: readonly LeaseRequest[]): LeaseTable {
  return requests.reduce(
    (table, next, nowMs) => askLease(table, next, at(nowMs)).table,
    newLeaseTable(EPOCH),
  );
}

function namesIn(leases: readonly LeaseRequest[]): string[] {
  return leases.map(({ leaseId }) => leaseId.replace('/lease', ''));
}

test('backups and restores use a repository at the same time', () => {
  const { held, waiting } = asked(request('a'), request('b', 'Restore'), request('c'));
  expect(namesIn(held)).toEqual(['a', 'b', 'c']);
  expect(held.map(({ epoch }) => epoch)).toEqual([EPOCH + 1, EPOCH + 2, EPOCH + 3]);
  expect(waiting).toEqual([]);
});

test('the maintenance has it for itself, and is told whom it waits for', () => {
  const table = asked(request('a'), request('b'), request('m', 'Maintenance'));
  expect(leaseAnswer(table, 'm/lease')).toEqual({
    kind: 'queued',
    behind: 'backup/default/a, backup/default/b',
  });
  const one = endLease(table, 'a/lease', at(10));
  expect(one.granted).toEqual([]);
  const none = endLease(one.table, 'b/lease', at(11));
  expect(namesIn(none.granted)).toEqual(['m']);
  const late = askLease(none.table, request('c'), at(12)).table;
  expect(leaseAnswer(late, 'c/lease')).toEqual({ kind: 'queued', behind: 'the maintenance' });
});

test('who comes later passes a maintenance that waits, but not for long', () => {
  const table = asked(request('a'), request('m', 'Maintenance'));
  const soon = askLease(table, request('soon'), at(PATIENCE_MS)).table;
  expect(namesIn(soon.held)).toEqual(['a', 'soon']);
  const late = askLease(soon, request('late'), at(PATIENCE_MS + 1)).table;
  expect(leaseAnswer(late, 'late/lease')).toEqual({
    kind: 'queued',
    behind: 'the maintenance, which waits for backup/default/a, backup/default/soon',
  });
  const restore = askLease(late, request('r', 'Restore'), at(PATIENCE_MS + 2)).table;
  expect(leaseAnswer(restore, 'r/lease')).toMatchObject({ kind: 'granted' });
});

test('a maintenance that gives up lets those in that it held back', () => {
  const waiting = asked(request('a'), request('m', 'Maintenance'));
  const { table } = askLease(waiting, request('b'), at(2 * PATIENCE_MS));
  expect(namesIn(endLease(table, 'm/lease', at(2 * PATIENCE_MS + 1)).granted)).toEqual(['b']);
});

test('restores go first, then who asked first', () => {
  const table = asked(
    ...[request('m', 'Maintenance'), request('b'), request('n', 'Maintenance')],
    ...[request('c'), request('r', 'Restore')],
  );
  const { granted } = endLease(table, 'm/lease', at(10));
  expect(namesIn(granted)).toEqual(['r', 'b', 'c']);
  const starved = endLease(table, 'm/lease', at(2 * PATIENCE_MS));
  expect(namesIn(starved.granted)).toEqual(['r']);
});

test('a run that has closed loses what it holds and what it waits for', () => {
  const table = asked(request('a'), request('b'), request('m', 'Maintenance'), request('c'));
  expect(leaseHolders(table).map(({ runId }) => runId)).toEqual(['a', 'b', 'c']);
  const closed = ['a', 'b', 'c', 'unknown'].map((runId) => ({ workflowId: 'any', runId }));
  const { table: after, granted } = endLeasesOf(table, closed, at(10));
  expect(namesIn(granted)).toEqual(['m']);
  expect(namesIn(after.held)).toEqual(['m']);
});

test('an ask that arrives after its lease was given back gets none', () => {
  const held = endLease(asked(request('a')), 'a/lease', at(5)).table;
  const never = endLease(held, 'b/lease', at(6)).table;
  for (const name of ['a', 'b']) {
    expect(leaseRefusal(never, request(name))).toBe('Ended');
    expect(askLease(never, request(name), at(7))).toEqual({ table: never, granted: [] });
  }
});

test('a lease that ended is forgotten after an hour, and after a hundred others', () => {
  const hourMs = 3_600_000;
  const { table } = endLease(newLeaseTable(0), 'a/lease', at(0));
  const soon = endLease(table, 'b/lease', at(hourMs - 1)).table;
  expect(leaseRefusal(soon, request('a'))).toBe('Ended');
  const later = endLease(soon, 'c/lease', at(hourMs)).table;
  expect(leaseRefusal(later, request('a'))).toBeUndefined();
  const many = Array.from({ length: 300 }, (_, index) => `${String(index)}/lease`).reduce(
    (known, leaseId) => endLease(known, leaseId, at(1)).table,
    table,
  );
  expect(many.ended).toHaveLength(100);
});

test('a table that is full takes no more, but the maintenance, and stays small', () => {
  const long = (index: number): LeaseRequest => ({
    leaseId: `${'0'.repeat(36)}/${String(index).padStart(8, '0')}`,
    purpose: 'Backup',
    holder: { workflowId: 'w'.repeat(255), runId: String(index).padStart(36, '0') },
  });
  const requests = Array.from({ length: 150 }, (_, index) => long(index));
  const ended = requests.reduce(
    (table, { leaseId }) => endLease(table, `${leaseId}-ended`, at(0)).table,
    newLeaseTable(Date.now()),
  );
  const table = requests.reduce((full, next) => askLease(full, next, at(0)).table, ended);
  expect(table.held).toHaveLength(100);
  expect(leaseRefusal(table, long(100))).toBe('Full');
  expect(leaseRefusal(table, long(99))).toBeUndefined();
  expect(leaseRefusal(table, request('m', 'Maintenance'))).toBeUndefined();
  expect(JSON.stringify(table).length).toBeLessThan(60_000);
});

type Step =
  | { readonly kind: 'ask'; readonly lease: number; readonly purpose: LeasePurpose }
  | { readonly kind: 'end'; readonly lease: number }
  | { readonly kind: 'close'; readonly run: number };

const LEASE = fc.integer({ min: 0, max: 7 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    lease: LEASE,
    purpose: fc.constantFrom<LeasePurpose>('Backup', 'Restore', 'Maintenance'),
  }),
  fc.record({ kind: fc.constant('end' as const), lease: LEASE }),
  fc.record({ kind: fc.constant('close' as const), run: LEASE }),
);
const STEPS = fc.array(fc.tuple(STEP, fc.integer({ min: 0, max: 700 })), { maxLength: 60 });

function apply(table: LeaseTable, step: Step, nowMs: number): LeaseChange {
  const moment = at(nowMs);
  if (step.kind === 'ask') {
    return askLease(table, request(String(step.lease), step.purpose), moment);
  }
  return step.kind === 'end'
    ? endLease(table, `${String(step.lease)}/lease`, moment)
    : endLeasesOf(table, [{ workflowId: 'any', runId: String(step.run) }], moment);
}

/** Every state that steps lead to, with the change that led there; each is handed on as a workflow hands on its state. */
function* changes(
  steps: readonly (readonly [Step, number])[],
): Generator<LeaseChange & { nowMs: number }> {
  let table = newLeaseTable(EPOCH);
  let nowMs = 0;
  for (const [step, laterMs] of steps) {
    nowMs += laterMs;
    const change = apply(table, step, nowMs);
    yield { ...change, nowMs };
    table = JSON.parse(JSON.stringify(change.table)) as LeaseTable;
    // A lease that ended may not be asked for again; another one of the same name may.
    table = { ...table, ended: [] };
  }
}

function isExclusive({ purpose }: LeaseRequest): boolean {
  return LEASE_PURPOSES[purpose].isExclusive;
}

test('an exclusive lease is never held beside another one', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      for (const { table } of changes(steps)) {
        expect(table.held.some(isExclusive) && table.held.length > 1).toBe(false);
        const ids = [...table.held, ...table.waiting].map(({ leaseId }) => leaseId);
        expect(new Set(ids).size).toBe(ids.length);
      }
    }),
  );
});

test('no epoch is given twice, and each is higher than those before', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const epochs = [...changes(steps)].flatMap(({ granted }) =>
        granted.map(({ epoch }) => epoch),
      );
      expect(epochs).toEqual(epochs.map((_, index) => EPOCH + 1 + index));
    }),
  );
});

test('a step that is repeated changes nothing', () => {
  fc.assert(
    fc.property(STEPS, STEP, (steps, step) => {
      const [last] = [...changes(steps)].slice(-1);
      const once = apply(last?.table ?? newLeaseTable(EPOCH), step, 50_000);
      const twice = apply(once.table, step, 50_001);
      expect(twice.granted).toEqual([]);
      expect({ ...twice.table, ended: [] }).toEqual({ ...once.table, ended: [] });
    }),
  );
});

test('everybody who waits gets a lease when the others have given theirs back', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const [last] = [...changes(steps)].slice(-1);
      let table = last?.table ?? newLeaseTable(EPOCH);
      const expected = new Set(namesIn(table.waiting));
      const served = new Set<string>();
      while (table.held.length > 0) {
        const [first] = table.held;
        const change = endLease(table, first?.leaseId ?? '', at(60_000));
        namesIn(change.granted).forEach((name) => served.add(name));
        table = change.table;
      }
      expect(table.waiting).toEqual([]);
      expect(served).toEqual(expected);
    }),
  );
});

test('an ask grants nothing to anybody else, and nobody waits for nothing', () => {
  fc.assert(
    fc.property(STEPS, STEP, (steps, step) => {
      for (const { table, granted, nowMs } of changes([...steps, [step, 0]])) {
        expect(table.waiting.length === 0 || table.held.length > 0).toBe(true);
        for (const { leaseId } of table.waiting) {
          expect(leaseAnswer(table, leaseId)).toMatchObject({ kind: 'queued' });
        }
        const again = askLease(table, request('new', 'Restore'), at(nowMs));
        expect(namesIn(again.granted).filter((name) => name !== 'new')).toEqual([]);
        expect(granted.every((lease) => table.held.includes(lease))).toBe(true);
      }
    }),
  );
});
