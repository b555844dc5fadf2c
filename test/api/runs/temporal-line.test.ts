import { stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';

// Goal: an API can end whatever its calls of Temporal are doing. Method: a connection is closed under a call; what would
// be thrown past everybody then would also leave the call without an end. Goal: it sees soon that Temporal is back. Method:
// a server counts who comes, and ends each connection.

const PATIENCE_MS = 10_000;

async function expectEndAfter(
  afterMs: number,
  address: string,
  prepare = (): Promise<void> => Promise.resolve(),
): Promise<void> {
  const temporal = new TemporalRuns(openTemporal({ address }), 'default');
  const call = temporal.call(() => temporal.client.workflowService.getSystemInfo({}), PATIENCE_MS);
  const ended = expect(call).rejects.toMatchObject({ code: 'temporal-unreachable' });
  await sleep(afterMs);
  await prepare();
  const began = performance.now();
  await temporal.close();
  await ended;
  // It does not go on for as long as it might.
  expect(performance.now() - began).toBeLessThan(PATIENCE_MS / 2);
}

test('a call whose repetition is due ends when the connection is closed', async () => {
  // Nothing listens there.
  await expectEndAfter(50, '127.0.0.1:1');
});

test('a call whose repetition is overdue ends when the connection is closed', async () => {
  await expectEndAfter(50, '127.0.0.1:1', async () => {
    // What goes on after this runs before the timers that become due meanwhile.
    await stat('.');
    const began = performance.now();
    while (performance.now() - began < 2000) {
      // Nothing else runs.
    }
  });
});

/** A server that takes connections, and ends them; tells when each came. */
async function startRefuser(): Promise<{ address: string; times: number[]; stop: () => void }> {
  const times: number[] = [];
  const server = createServer();
  server.on('connection', (socket) => {
    times.push(performance.now());
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${String(port)}`, times, stop: () => server.close() };
}

test('a call that waits for a connection ends when that is closed', async () => {
  const { address, stop } = await startRefuser();
  await expectEndAfter(0, address);
  stop();
});

test('however long Temporal is away, it is looked for as often as in the beginning', async () => {
  const { address, times, stop } = await startRefuser();
  const temporal = new TemporalRuns(openTemporal({ address }), 'default');
  while (times.length < 6) {
    const call = temporal.call(() => temporal.client.workflowService.getSystemInfo({}), 1000);
    await call.catch(() => undefined);
  }
  await temporal.close();
  stop();
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(pauses.at(-1)).toBeLessThan(3 * (pauses[0] ?? 0));
});
