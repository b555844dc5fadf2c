import { WorkflowNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../api/app.ts';
import { restoreSpec } from '../../api/runs/spec.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { RESTORE_WORKFLOW } from '../../workflows/contract.ts';
import { LocationSet } from '../../storage/location-set.ts';

// Goal: a run that closes between the look at it and the request to cancel it has ended, and nothing is broken.
// Method: no real run can be made to close at that moment, so the calls to Temporal get the answers of one that does.

const BACKUP = { backupName: 'b' };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

/** A run that is under way whenever it is looked at, and closed when anything is asked of it. */
class ClosingRuns extends TemporalRuns {
  override describe(workflowId: string): ReturnType<TemporalRuns['describe']> {
    const info = {
      workflowId,
      runId: 'run',
      type: RESTORE_WORKFLOW,
      status: { name: 'RUNNING' },
      startTime: new Date(),
      memo: {
        specDigest: '',
        spec: restoreSpec({ metadata: { name: 'r' }, spec: BACKUP }, 'local'),
      },
      typedSearchAttributes: new TypedSearchAttributes(),
      raw: {},
    };
    // The service looks at these fields alone.
    return Promise.resolve(info as unknown as Awaited<ReturnType<TemporalRuns['describe']>>);
  }

  override call<Result>(): Promise<Result> {
    return Promise.reject(
      new WorkflowNotFoundError('workflow execution already completed', 'r', ''),
    );
  }
}

test('a run that closes before its cancellation arrives has ended', async () => {
  const temporal = new ClosingRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const store = openObjectStore({ name: 'default', provider: 'folder', path: '/nonexistent' });
  const app = await buildApp({
    temporal,
    locations: new LocationSet({ fixed: [] }),
    store: () => store,
    logLevel: 'silent',
  });
  closers.push(
    () => app.close(),
    () => temporal.close(),
  );
  const look = await app.inject('/api/v1/restores/r');
  expect(look.json()).toMatchObject({ status: { phase: 'InProgress' } });
  expect(look.headers['retry-after']).toBe('1');
  const answer = await app.inject({ method: 'POST', url: '/api/v1/restores/r:cancel' });
  expect(answer.json()).toMatchObject({ status: 409, code: 'already-finished' });
});
