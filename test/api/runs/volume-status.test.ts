import { defaultPayloadConverter } from '@temporalio/common';
import protocol from '@temporalio/proto';
import { expect, test } from 'vitest';

import type { PendingActivity } from '../../../api/runs/pending-activity.ts';
import { volumesStatus } from '../../../api/runs/volume-status.ts';
import type {
  ActivityWait,
  HeartbeatProgress,
  VolumeProgress,
} from '../../../domain/run-status.ts';

// Goal: people see how far each volume is, how fast, and what it waits for. Method: states as batches tell them, and
// pending activities as Temporal describes them.

const { PENDING_ACTIVITY_STATE_STARTED } = protocol.temporal.api.enums.v1.PendingActivityState;
const MIB = 1024 * 1024;
const ENDED = { done: 0, failed: 0, files: 0, bytes: 0 };

/** An activity that has been at work for a time, and says how far the copy of a volume is. */
function copying(
  volume: number,
  phase: string,
  { seconds = 10, ...more }: { seconds?: number; waitingFor?: ActivityWait } = {},
): PendingActivity {
  const beat: HeartbeatProgress = {
    ...{ itemsDone: 0, bytesDone: 40 * MIB, ...more },
    copy: { volume, phase, filesDone: 4, filesTotal: 10, bytesTotal: 100 * MIB },
  };
  return {
    activityType: { name: 'copyVolume' },
    lastStartedTime: { seconds: 1000 },
    lastHeartbeatTime: { seconds: 1000 + seconds },
    heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(beat)] },
    // The cast: numbers stand here for the 64-bit ones of the protocol.
  } as unknown as PendingActivity;
}

function volume(number: number, state: VolumeProgress['state']): VolumeProgress {
  const done = state === 'Done' ? { filesDone: 7, bytesDone: 7 * MIB } : {};
  return { volume: number, name: `shop/v${String(number)}`, state, node: 'node-a', ...done };
}

test('a volume that is copied has its size, its rate and the time that is left', () => {
  const batch = { volumes: [volume(3, 'Moving')], pending: [copying(3, 'Copying')] };
  expect(volumesStatus({ total: 1, ended: ENDED }, [batch]).items).toEqual([
    {
      ...{ name: 'shop/v3', state: 'Moving', phase: 'Copying', node: 'node-a' },
      ...{ filesDone: 4, filesTotal: 10, bytesDone: 40 * MIB, bytesTotal: 100 * MIB },
      ...{ bytesPerSecond: 4 * MIB, etaSeconds: 15 },
    },
  ]);
});

test('there is no rate while nothing is moved, and none of a moment', () => {
  for (const pending of [copying(3, 'ReadingBack'), copying(3, 'Copying', { seconds: 0 })]) {
    const batch = { volumes: [volume(3, 'Moving')], pending: [pending] };
    const [item] = volumesStatus({ total: 1, ended: ENDED }, [batch]).items ?? [];
    expect(item).toMatchObject({ bytesDone: 40 * MIB });
    expect(item).not.toHaveProperty('bytesPerSecond');
    expect(item).not.toHaveProperty('etaSeconds');
  }
});

test('a volume that waits says for what where the run knows it', () => {
  const waitingFor = { reason: 'the repository of namespace shop is in use by the maintenance' };
  const batch = { volumes: [{ ...volume(3, 'Waiting'), waitingFor }], pending: [] };
  const { items } = volumesStatus({ total: 1, ended: ENDED }, [batch]);
  expect(items).toEqual([{ name: 'shop/v3', state: 'Waiting', node: 'node-a', waitingFor }]);
});

test('a volume that no agent has begun with says until when it waits', () => {
  const waitingFor = {
    reason: 'the agent of the node node-a has not begun',
    ...{ since: '2026-01-01T00:00:00Z', deadline: '2026-01-02T00:00:00Z' },
  };
  const volumes = [{ ...volume(3, 'Moving'), waitingFor }];
  const itemsWith = (pending: PendingActivity[]) =>
    volumesStatus({ total: 1, ended: ENDED }, [{ volumes, pending }]).items;
  expect(itemsWith([])).toEqual([{ name: 'shop/v3', state: 'Moving', node: 'node-a', waitingFor }]);
  expect(itemsWith([copying(3, 'Copying')])).not.toHaveProperty('0.waitingFor');
});

test('numbers are those of the batches that have ended and of those under way', () => {
  const status = volumesStatus(
    { total: 60, ended: { done: 48, failed: 2, files: 100, bytes: 1000 * MIB } },
    [
      { volumes: [volume(50, 'Done'), volume(51, 'Failed')], pending: [] },
      { volumes: [volume(52, 'Moving'), volume(53, 'Waiting')], pending: [copying(52, 'Copying')] },
    ],
  );
  expect(status).toMatchObject({
    ...{ total: 60, done: 49, failed: 3, filesDone: 111 },
    ...{ bytesDone: 1047 * MIB, bytesTotal: 1107 * MIB },
  });
  expect(status.items?.map(({ state }) => state)).toEqual(['Moving', 'Waiting', 'Failed', 'Done']);
});

test('a copy that failed says so, with what the attempt before had done', () => {
  const pending = { ...copying(3, 'Copying'), lastFailure: {}, attempt: 2 };
  const batch = { volumes: [volume(3, 'Moving')], pending: [pending] };
  expect(volumesStatus({ total: 1, ended: ENDED }, [batch]).items?.[0]).toMatchObject({
    bytesDone: 40 * MIB,
    waitingFor: { reason: 'the step copyVolume failed and is tried again', attempt: 2 },
  });
});

test('a copy that waits by itself says for what, since when and until when', () => {
  const waitingFor = {
    reason: 'the storage location does not answer',
    ...{ since: '2026-01-01T10:00:00.000Z', deadline: '2026-01-01T10:05:00.000Z' },
  };
  const batch = {
    volumes: [volume(3, 'Moving')],
    pending: [copying(3, 'Copying', { waitingFor })],
  };
  expect(volumesStatus({ total: 1, ended: ENDED }, [batch]).items?.[0]).toMatchObject({
    ...{ phase: 'Copying', waitingFor },
  });
});

test('a copy that is at work again after a failure no longer waits', () => {
  const state = PENDING_ACTIVITY_STATE_STARTED;
  const itemOf = (seconds: number) => {
    const pending = { ...copying(3, 'Copying', { seconds }), lastFailure: {}, state };
    const batch = { volumes: [volume(3, 'Moving')], pending: [pending] };
    return volumesStatus({ total: 1, ended: ENDED }, [batch]).items?.[0];
  };
  expect(itemOf(0)?.waitingFor?.reason).toContain('is tried again');
  expect(itemOf(10)).not.toHaveProperty('waitingFor');
});

test('a volume of which its agent has said nothing waits for the agent', () => {
  const batch = { volumes: [volume(3, 'Moving')], pending: [{}] };
  expect(volumesStatus({ total: 1, ended: ENDED }, [batch]).items?.[0]?.waitingFor).toEqual({
    reason: 'the agent of the node node-a has not begun',
  });
});

test('of very many volumes those under way are told, and all are counted', () => {
  const volumes = Array.from({ length: 300 }, (_, index) =>
    volume(index, index < 290 ? 'Done' : 'Moving'),
  );
  const status = volumesStatus({ total: 300, ended: ENDED }, [{ volumes, pending: [] }]);
  expect(status.items).toHaveLength(100);
  expect(status.items?.slice(0, 10).every(({ state }) => state === 'Moving')).toBe(true);
  expect(status.done).toBe(290);
});
