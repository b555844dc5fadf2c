import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { apiWithoutTemporal } from '../support/api-without-temporal.ts';

// Goal: what is no whole request of HTTP gets a problem as well. Method: bytes into the socket of an API that listens.

let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await app.close();
});

/** What the API answers to some bytes, until it closes the connection. */
async function answerTo(bytes: string): Promise<{ head: string; body: string }> {
  // A server that listens on a port has such an address.
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { head, body };
}

test.each([
  ['a path that is too long', `GET /livez?${'q'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431],
  ['what is no HTTP', 'HELO holdfast\r\n\r\n', 400],
])('%s is a problem', async (_case, bytes, status) => {
  const { head, body } = await answerTo(bytes);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
  expect(head).toContain('content-type: application/problem+json');
  const problem = JSON.parse(body) as object;
  expect(problem).toMatchObject({ status, code: 'invalid-request', retryable: false });
  expect(problem).toHaveProperty('requestId', /x-request-id: (\S+)/.exec(head)?.[1]);
});
