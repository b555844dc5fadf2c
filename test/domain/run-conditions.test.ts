import { expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import type { Phase } from '../../domain/phase.ts';
import { withConditions } from '../../domain/run-conditions.ts';

// Goal: a program sees from one condition whether a run has ended, and how.

const FAILURE = { code: 'internal', message: 'it broke' } as const;

function run(phase: Phase, more: Partial<BackupResource['status']> = {}): BackupResource {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Backup' },
    metadata: {
      name: 'b',
      uid: 'u',
      location: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    // Not looked at.
    spec: {} as BackupResource['spec'],
    status: { phase, progress: { itemsDone: 0, itemsTotal: 0 }, warnings: 1, errors: 2, ...more },
  };
}

test.each([
  ['InProgress', 'Unknown', 'it has not ended'],
  ['Finalizing', 'Unknown', 'it has not ended'],
  ['Completed', 'True', 'errors: 2, warnings: 1'],
  ['PartiallyFailed', 'False', 'errors: 2, warnings: 1'],
  ['Cancelled', 'False', 'errors: 2, warnings: 1'],
  ['FailedValidation', 'False', 'errors: 2, warnings: 1'],
] as const)('a run in phase %s has succeeded: %s', (phase, status, message) => {
  expect(withConditions(run(phase)).status.conditions).toEqual([
    {
      ...{ type: 'Succeeded', status, reason: phase, message },
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]);
});

test('the condition changed when the run ended, and says why it failed', () => {
  const times = { startTimestamp: '2026-01-01T00:00:01Z' };
  expect(withConditions(run('InProgress', times)).status.conditions?.[0]).toMatchObject({
    lastTransitionTime: '2026-01-01T00:00:01Z',
  });
  const ended = { ...times, completionTimestamp: '2026-01-01T00:00:09Z', failure: FAILURE };
  expect(withConditions(run('Failed', ended)).status.conditions?.[0]).toMatchObject({
    ...{ message: 'it broke', lastTransitionTime: '2026-01-01T00:00:09Z' },
  });
});
