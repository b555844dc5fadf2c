import fastify from 'fastify';
import { expect, test } from 'vitest';

import { guardRoutes } from '../../../api/access/guard.ts';
import { handleErrors } from '../../../api/errors.ts';
import { limitRates } from '../../../api/plugins/rate-limit.ts';
import type { AccessNeed } from '../../../domain/access/access-need.ts';
import type { Problem } from '../../../domain/api-resource.ts';

// Goal: one caller cannot keep the API from the others. Method: a server with small limits, and callers by their tokens.

const NEED: AccessNeed = { verb: 'get', resource: 'backups' };

async function serve() {
  const app = fastify();
  handleErrors(app);
  guardRoutes(app, {
    authenticate: (token) => Promise.resolve({ username: token, groups: [] }),
    allows: () => Promise.resolve(true),
    ...{ ownCluster: 'local', ownNamespace: 'holdfast', clusterUid: () => Promise.resolve('u') },
  });
  await limitRates(app, { reads: 3, writes: 1 });
  const config = {
    access: (request: { access: { require(needs: readonly AccessNeed[]): Promise<void> } }) =>
      request.access.require([NEED]),
  };
  app.get('/api/v1/things', { config }, () => ({}));
  app.post('/api/v1/things', { config }, () => ({}));
  app.get('/livez', { config: { access: 'public' } }, () => ({}));
  return async (who: string, method: 'GET' | 'POST' = 'GET', url = '/api/v1/things') =>
    app.inject({ method, url, headers: { authorization: `Bearer ${who}` } });
}

test('a caller who sends too many is refused, and told when to come again', async () => {
  const send = await serve();
  const statuses = [];
  for (let sent = 0; sent < 4; sent++) {
    statuses.push((await send('alice')).statusCode);
  }
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await send('alice');
  expect(refused.headers['content-type']).toContain('application/problem+json');
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused.json<Problem>()).toMatchObject({
    code: 'rate-limited',
    status: 429,
    retryable: true,
  });
});

test('others are not, and what changes something is counted by itself', async () => {
  const send = await serve();
  for (let sent = 0; sent < 4; sent++) {
    await send('alice');
  }
  expect((await send('bob')).statusCode).toBe(200);
  expect((await send('alice', 'POST')).statusCode).toBe(200);
  expect((await send('alice', 'POST')).statusCode).toBe(429);
  for (let sent = 0; sent < 5; sent++) {
    expect((await send('alice', 'GET', '/livez')).statusCode).toBe(200);
  }
});
