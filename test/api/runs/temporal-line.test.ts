import { stat } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';

// Goal: an API can end whatever its calls of Temporal are doing. Method: a connection is closed under a call; what would
// be thrown past everybody then would also leave the call without an end.

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

test('a call that waits for a connection ends when that is closed', async () => {
  // It takes connections, and ends them.
  const server = createServer();
  server.on('session', (session) => {
    session.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  await expectEndAfter(0, `127.0.0.1:${String(port)}`);
  server.close();
});
