import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { ApiClient } from '../../cli/client/api-client.ts';
import { connect } from '../../cli/connection/connection.ts';
import { waitUntilGone } from '../../cli/wait.ts';
import { WaitTimeoutError } from '../../cli/wait-timeout.ts';

// Goal: waiting for a deletion ends with the deletion, and does not burden the API meanwhile.
// Method: an API that answers from a list, because a real deletion is over too soon to count looks at it.

const QUIET = { quiet: true } as const;
const NONE = { itemsDone: 0, itemsTotal: 0 };
const DELETING = { status: 200, body: { status: { phase: 'Deleting', progress: NONE } } };
const COMPLETED = { status: 200, body: { status: { phase: 'Completed', progress: NONE } } };
const AWAY = { status: 503, body: { code: 'temporal-unreachable', retryable: true } };
const GONE = { status: 404, body: { code: 'not-found', retryable: false } };

let server: Server;
let looks: number;

afterEach(() => {
  server.close();
});

/** Gives the answers one after the other, and the last one from then on. */
async function apiWith(answers: readonly { status: number; body: object }[]): Promise<ApiClient> {
  looks = 0;
  server = createServer((_, response) => {
    const answer = answers[Math.min(looks, answers.length - 1)] ?? GONE;
    looks += 1;
    const run = { kind: 'Backup', metadata: { name: 'b' }, ...answer.body };
    response.writeHead(answer.status, { connection: 'close' }).end(JSON.stringify(run));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  const name = `http://127.0.0.1:${String(port)}`;
  return new ApiClient({ name, connect: () => connect({ server: name }) }, undefined);
}

test('it looks a few times a second, and ends when the run is gone', async () => {
  const client = await apiWith([DELETING, DELETING, AWAY, DELETING, GONE]);
  const startedAt = Date.now();
  expect(await waitUntilGone({ client, plural: 'backups', name: 'b' }, QUIET)).toBe(true);
  expect(looks).toBe(5);
  expect(Date.now() - startedAt).toBeGreaterThan(1000);
});

test('it ends when the deletion has ended and the run is still there', async () => {
  const client = await apiWith([DELETING, COMPLETED, DELETING, COMPLETED]);
  expect(await waitUntilGone({ client, plural: 'backups', name: 'b' }, QUIET)).toBe(false);
  expect(looks).toBe(6);
});

test('a problem that time does not heal is told at once', async () => {
  const problem = { code: 'unknown-location', retryable: false, detail: 'no such location' };
  const client = await apiWith([DELETING, { status: 422, body: problem }]);
  await expect(waitUntilGone({ client, plural: 'backups', name: 'b' }, QUIET)).rejects.toThrow(
    'no such location',
  );
  expect(looks).toBe(2);
});

test('it ends when it takes longer than is wanted, and says that the deletion goes on', async () => {
  const client = await apiWith([DELETING]);
  const run = { client, plural: 'backups', name: 'b' } as const;
  const wait = waitUntilGone(run, { ...QUIET, timeout: 500 });
  await expect(wait).rejects.toThrow(WaitTimeoutError);
  await expect(wait).rejects.toThrow('the deletion of the backup b goes on');
});
