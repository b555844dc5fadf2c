import type { Context } from '@temporalio/activity';
import { Runtime } from '@temporalio/worker';
import { expect, test } from 'vitest';

import { measureNotifications, measureVolumes, metricsOptions } from '../../worker/metrics.ts';
import { freePort } from '../support/free-port.ts';

// Goal: what node agents move is counted by direction and outcome. Method: the interceptor around activities that end in
// each way, and a scrape of the SDK's own listener.

const port = await freePort();
Runtime.install({ telemetryOptions: metricsOptions({ host: '127.0.0.1', port }) });

async function scraped(): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  return (await answer.text()).split('\n');
}

function contextOf(activityType: string): Context {
  // Only a worker makes a whole context, and the interceptor looks at the type of the activity alone.
  return { info: { activityType } } as unknown as Context;
}

test('attempts to move volumes and their bytes are counted, and other activities are not', async () => {
  const interceptors = measureVolumes();
  const end = async (activityType: string, run: () => Promise<unknown>): Promise<unknown> => {
    return interceptors(contextOf(activityType)).inbound?.execute?.({ args: [], headers: {} }, run);
  };
  const moved = { attempt: '1', files: 2, bytes: 300 };
  expect(await end('copyVolume', () => Promise.resolve(moved))).toEqual(moved);
  await end('copyVolume', () => Promise.resolve({ ...moved, bytes: 44 }));
  await expect(end('restoreVolume', () => Promise.reject(new Error('full')))).rejects.toThrow(
    'full',
  );
  await end('openGate', () => Promise.resolve());

  const scrape = await scraped();
  for (const line of [
    'holdfast_volume_bytes_total{direction="backup"} 344',
    'holdfast_volume_bytes_total{direction="restore"} 0',
    'holdfast_volumes_total{direction="backup",outcome="moved"} 2',
    'holdfast_volumes_total{direction="backup",outcome="failed"} 0',
    'holdfast_volumes_total{direction="restore",outcome="failed"} 1',
  ]) {
    expect(scrape).toContain(line);
  }
});

test('notifications are counted by endpoint and outcome, and one to an endpoint that is gone is not', async () => {
  const interceptors = measureNotifications();
  const end = async (activityType: string, endpoint: string, run: () => Promise<unknown>) => {
    return interceptors(contextOf(activityType)).inbound?.execute?.(
      { args: [{ endpoint }], headers: {} },
      run,
    );
  };
  const fail = () => Promise.reject(new Error('HTTP 500'));
  const deliver = (outcome: string) => () => Promise.resolve({ outcome });
  await end('deliverNotification', 'ops', deliver('Delivered'));
  await expect(end('deliverNotification', 'ops', fail)).rejects.toThrow('HTTP 500');
  await expect(end('deliverNotification', 'ops', fail)).rejects.toThrow('HTTP 500');
  await end('deliverNotification', 'gone', deliver('EndpointDeleted'));
  await end('giveUpNotification', 'lost', () => Promise.resolve());
  await expect(end('giveUpNotification', 'lost', fail)).rejects.toThrow('HTTP 500');
  await end('findNotified', 'ops', () => Promise.resolve());
  const told = (await scraped()).filter((line) => line.startsWith('holdfast_notifications_total{'));
  expect(told.sort()).toEqual([
    'holdfast_notifications_total{endpoint="lost",outcome="delivered"} 0',
    'holdfast_notifications_total{endpoint="lost",outcome="failed"} 0',
    'holdfast_notifications_total{endpoint="lost",outcome="given_up"} 1',
    'holdfast_notifications_total{endpoint="ops",outcome="delivered"} 1',
    'holdfast_notifications_total{endpoint="ops",outcome="failed"} 2',
    'holdfast_notifications_total{endpoint="ops",outcome="given_up"} 0',
  ]);
});
