import { expect, it } from 'vitest';

import { fields } from '../../../domain/fields.ts';
import { itemOperations, operationOfEntry } from '../../../domain/plugins/item-operations.ts';
import type { OperationEnds } from '../../../domain/plugins/operation.ts';

const ITEM = { group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web' };
const RUN = { name: 'b', runUid: 'uid-b' };

function entries(ends: OperationEnds['ends'], more: object = {}): readonly unknown[] {
  const operation = { requestId: 'r1', id: 'op-1', action: 'upload', item: ITEM, ...more };
  const endedAt = '2026-01-01T00:01:00Z';
  return itemOperations(RUN, { plugin: 'mover', operations: [operation], ends, endedAt });
}

it('has the fields of the file of Velero', () => {
  const progress = { done: 1.4, total: 2.6, unit: 'bytes' };
  const told = { description: 'uploading', startedAt: '2026-01-01T00:00:00Z' };
  expect(entries([{ requestId: 'r1', phase: 'Completed', progress }], told)).toEqual([
    {
      spec: {
        ...{ backupName: 'b', backupUID: 'uid-b', backupItemAction: 'mover/upload' },
        resourceIdentifier: {
          ...{ Group: 'apps', Resource: 'deployments', Namespace: 'shop', Name: 'web' },
        },
        operationID: 'op-1',
      },
      status: {
        ...{ phase: 'Completed', nCompleted: 1, nTotal: 3, operationUnits: 'bytes' },
        ...{ description: 'uploading', created: '2026-01-01T00:00:00Z' },
        ...{ started: '2026-01-01T00:00:00Z', updated: '2026-01-01T00:01:00Z' },
      },
    },
  ]);
});

it('leaves out what nobody told', () => {
  const failure = { code: 'operation-failed', message: 'no space', subject: 'x' } as const;
  const [failed] = entries([{ requestId: 'r1', phase: 'Failed', failure }]);
  const updated = '2026-01-01T00:01:00Z';
  expect(fields(failed)['status']).toEqual({ phase: 'Failed', error: 'no space', updated });
  const [some] = entries([{ requestId: 'r1', phase: 'Completed', progress: { done: 4 } }]);
  expect(fields(some)['status']).toEqual({ phase: 'Completed', nCompleted: 4, updated });
});

it('calls what has no end failed, and what has no id by its request', () => {
  const [entry] = entries([{ requestId: 'other', phase: 'Completed' }], { id: undefined });
  expect(fields(fields(entry)['status'])['phase']).toBe('Failed');
  expect(fields(fields(entry)['spec'])['operationID']).toBe('r1');
});

it('is read back as the operation that it tells of', () => {
  const [entry] = entries([]);
  expect(operationOfEntry(fields(entry))).toEqual([
    { plugin: 'mover', action: 'upload', item: ITEM, id: 'op-1' },
  ]);
});

it.each([
  {},
  { spec: null },
  { spec: { backupItemAction: 7 } },
  { spec: { backupItemAction: 'mover' } },
  { spec: { backupItemAction: '/upload' } },
])('reads nothing of what it has not written: %j', (entry) => {
  expect(operationOfEntry(entry)).toEqual([]);
});
