import { request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import fastify from 'fastify';
import { expect, test } from 'vitest';

import { auditRequests } from '../../../api/access/audit.ts';
import { guardRoutes } from '../../../api/access/guard.ts';

// Goal: who does something is told, also who hangs up before the answer. Method: a server that takes its time, and clients
// that wait or do not.

const ACT_MS = 200;

async function linesOf(
  act: (url: string) => Promise<void>,
  trustProxy: string[] = [],
): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const app = fastify({ trustProxy });
  auditRequests(app, { write: (line) => void lines.push(line), close: () => Promise.resolve() });
  guardRoutes(app, {
    authenticate: () => Promise.resolve({ username: 'alice', groups: ['dev'] }),
    allows: () => Promise.resolve(true),
    ...{ ownCluster: 'local', ownNamespace: 'holdfast', clusterUid: () => Promise.resolve('u') },
  });
  app.post('/api/v1/backups/:name(^[a-z]+)::hold', {
    config: { access: ({ access }) => access.require([{ verb: 'update', resource: 'backups' }]) },
    handler: async () => {
      await sleep(ACT_MS);
      return { held: true };
    },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  // A server that listens on a port has an address of this shape.
  const { port } = app.server.address() as AddressInfo;
  await act(`http://127.0.0.1:${String(port)}/api/v1/backups/b:hold`);
  await expect.poll(() => lines.length).toBe(1);
  await sleep(2 * ACT_MS);
  await app.close();
  // The assertions look at what they have.
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const OPTIONS = { method: 'POST', headers: { authorization: 'Bearer t' } };

test('a change is told once, when it has been answered', async () => {
  const lines = await linesOf(async (url) => {
    expect((await fetch(url, OPTIONS)).status).toBe(200);
  });
  expect(lines).toMatchObject([
    {
      ...{ kind: 'Event', verb: 'hold', responseStatus: { code: 200 } },
      user: { username: 'alice', groups: ['dev'] },
      objectRef: { apiGroup: 'holdfast.dev', resource: 'backups', name: 'b' },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    },
  ]);
  expect(lines[0]?.['annotations']).not.toHaveProperty(['holdfast.dev/cut-off']);
});

test('a change whose sender hangs up is told too', async () => {
  const lines = await linesOf(async (url) => {
    const client = send(url, OPTIONS);
    client.on('error', () => undefined);
    client.end();
    await sleep(ACT_MS / 4);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.destroy();
    await closed;
  });
  expect(lines).toMatchObject([
    { verb: 'hold', responseStatus: {}, annotations: { 'holdfast.dev/cut-off': 'true' } },
  ]);
});

test('the source is whom a proxy speaks for, if the proxy is believed', async () => {
  const forwarded = { ...OPTIONS.headers, 'x-forwarded-for': '203.0.113.9, 127.0.0.5' };
  const act = async (url: string): Promise<void> => {
    await fetch(url, { ...OPTIONS, headers: forwarded });
  };
  expect(await linesOf(act)).toMatchObject([{ sourceIPs: ['127.0.0.1'] }]);
  expect(await linesOf(act, ['127.0.0.0/8'])).toMatchObject([
    { sourceIPs: ['203.0.113.9', '127.0.0.5', '127.0.0.1'] },
  ]);
});
