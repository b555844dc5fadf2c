import { defaultPayloadConverter } from '@temporalio/common';
import protocol, { type temporal } from '@temporalio/proto';
import { expect, test } from 'vitest';

import { runningStatus, type RunInfo } from '../../../api/runs/running.ts';
import type { HeartbeatProgress, RunStatus } from '../../../domain/run-status.ts';

// Goal: a run that waits says for what, and until when. Method: pending activities as Temporal describes them.

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

const { PENDING_ACTIVITY_STATE_STARTED } = protocol.temporal.api.enums.v1.PendingActivityState;
const INFO = { startTime: new Date(0) } as RunInfo;
const STATUS: RunStatus = {
  ...{ phase: 'InProgress', step: 'apply', startTimestamp: '2026-01-01T00:00:00Z' },
  ...{ stepTimestamp: '2026-01-01T00:00:00Z', progress: { itemsDone: 10, itemsTotal: 20 } },
};
const WAIT = { reason: 'the namespace is not gone', deadline: '2026-01-01T00:10:00Z' };

function beating(beat: HeartbeatProgress): PendingActivity {
  return {
    state: PENDING_ACTIVITY_STATE_STARTED,
    activityType: { name: 'applyShards' },
    heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(beat)] },
  };
}

test('what an activity waits for is what the run waits for', () => {
  const busy = beating({ itemsDone: 2, bytesDone: 0 });
  const waiting = beating({ itemsDone: 3, bytesDone: 0, waitingFor: WAIT });
  expect(runningStatus(INFO, { status: STATUS, pending: [busy, waiting] })).toMatchObject({
    progress: { itemsDone: 15 },
    waitingFor: WAIT,
  });
});

test('a run whose activities wait for nothing says which step is under way', () => {
  const pending = [beating({ itemsDone: 2, bytesDone: 0 })];
  expect(runningStatus(INFO, { status: STATUS, pending })).toMatchObject({
    waitingFor: { reason: 'the step applyShards is under way' },
  });
});

test('an activity that failed says more than one that waits', () => {
  const failed = { ...beating({ itemsDone: 0, bytesDone: 0, waitingFor: WAIT }), lastFailure: {} };
  const told = { status: STATUS, pending: [failed] };
  expect(runningStatus(INFO, told).waitingFor?.reason).toContain('is tried again');
});

test('a run whose plugins are asked says so, before it counts operations', () => {
  const plugins = [{ activityType: { name: 'backupItems' } }];
  expect(runningStatus(INFO, { status: STATUS, pending: [], plugins })).toMatchObject({
    progress: { itemsDone: STATUS.progress.itemsDone },
    waitingFor: { reason: 'the step backupItems waits for a worker to take it' },
  });
});

test('a run whose volumes wait for their repository, and nothing else, says so', () => {
  const volume = { volume: 0, name: 'shop/data', state: 'Waiting', waitingFor: WAIT } as const;
  const batches = [{ volumes: [volume], pending: [] }];
  expect(runningStatus(INFO, { status: STATUS, pending: [], batches }).waitingFor).toEqual(WAIT);
});
