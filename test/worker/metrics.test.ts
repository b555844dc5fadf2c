import type { Context } from '@temporalio/activity';
import { Runtime } from '@temporalio/worker';
import { expect, test } from 'vitest';

import { measureVolumes, metricsOptions } from '../../worker/metrics.ts';
import { freePort } from '../support/free-port.ts';

// Goal: what node agents move is counted by direction and outcome. Method: the interceptor around activities that end in
// each way, and a scrape of the SDK's own listener.

test('attempts to move volumes and their bytes are counted, and other activities are not', async () => {
  const port = await freePort();
  const listener = { host: '127.0.0.1', port };
  Runtime.install({ telemetryOptions: metricsOptions(listener) });
  const interceptors = measureVolumes();
  const end = async (activityType: string, run: () => Promise<unknown>): Promise<unknown> => {
    // Of the context only the type of the activity is looked at.
    const context = { info: { activityType } } as unknown as Context;
    return interceptors(context).inbound?.execute?.({ args: [], headers: {} }, run);
  };
  const moved = { attempt: '1', files: 2, bytes: 300 };
  expect(await end('copyVolume', () => Promise.resolve(moved))).toEqual(moved);
  await end('copyVolume', () => Promise.resolve({ ...moved, bytes: 44 }));
  await expect(end('restoreVolume', () => Promise.reject(new Error('full')))).rejects.toThrow(
    'full',
  );
  await end('openGate', () => Promise.resolve());

  const scrape = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  for (const line of [
    'holdfast_volume_bytes_total{direction="backup"} 344',
    'holdfast_volume_bytes_total{direction="restore"} 0',
    'holdfast_volumes_total{direction="backup",outcome="moved"} 2',
    'holdfast_volumes_total{direction="backup",outcome="failed"} 0',
    'holdfast_volumes_total{direction="restore",outcome="failed"} 1',
  ]) {
    expect(scrape.split('\n')).toContain(line);
  }
});
