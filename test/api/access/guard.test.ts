import fastify, { type FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';

import { type AccessControl, guardRoutes, type RouteAccess } from '../../../api/access/guard.ts';
import { handleErrors } from '../../../api/errors.ts';
import type { AccessNeed } from '../../../domain/access/access-need.ts';
import type { Problem } from '../../../domain/api-resource.ts';

// Goal: a route that forgets to ask is found before anybody uses it. Method: small servers with routes of each kind, one
// token, and a rule for one resource.

const PATH = '/api/v1/things';
const ALLOWED: AccessNeed = { verb: 'get', resource: 'backups' };
const CONTROL: AccessControl = {
  authenticate: (token) =>
    Promise.resolve(token === 'good' ? { username: 'alice', groups: [] } : undefined),
  allows: (_subject, { resource }) => Promise.resolve(resource === ALLOWED.resource),
  ownCluster: 'local',
  ownNamespace: 'holdfast',
  clusterUid: () => Promise.resolve('u'),
};

function serve(access: RouteAccess | undefined, control?: AccessControl): FastifyInstance {
  const app = fastify();
  handleErrors(app);
  guardRoutes(app, control);
  app.get(PATH, access === undefined ? {} : { config: { access } }, () => ({ is: 'shown' }));
  return app;
}

async function answerOf(app: FastifyInstance, authorization?: string, more = {}) {
  const headers = { ...(authorization === undefined ? {} : { authorization }), ...more };
  const { statusCode: status, body, headers: got } = await app.inject({ url: PATH, headers });
  return { status, body, scheme: got['www-authenticate'] };
}

test('a route that does not say who may use it keeps the API from starting', () => {
  expect(() => serve(undefined, CONTROL)).toThrow(`the route ${PATH} does not say`);
});

test('an answer for which nobody has looked does not leave the API', async () => {
  const { status, body } = await answerOf(serve('handler', CONTROL), 'Bearer good');
  expect(status).toBe(500);
  expect(body).not.toContain('shown');
});

test('an empty list is an answer, though there is nothing to look for', async () => {
  const app = serve(async ({ access }) => {
    await access.visible([], () => Promise.resolve([ALLOWED]));
  }, CONTROL);
  expect((await answerOf(app, 'Bearer good')).status).toBe(200);
});

test.each<[string, AccessNeed, number]>([
  ['may', ALLOWED, 200],
  ['may not', { verb: 'get', resource: 'plugins' }, 403],
])('lets pass who %s', async (_case, need, status) => {
  const app = serve(({ access }) => access.require([need]), CONTROL);
  expect((await answerOf(app, 'bearer good')).status).toBe(status);
});

test.each([undefined, 'Bearer bad', 'Basic good', 'Bearer', 'Bearer good, Bearer bad'])(
  'does not know who sends %j',
  async (authorization) => {
    const { status, body, scheme } = await answerOf(serve('handler', CONTROL), authorization);
    expect([status, scheme]).toEqual([401, 'Bearer']);
    // A problem has this shape.
    expect((JSON.parse(body) as Problem).code).toBe('unauthenticated');
  },
);

test('asks nobody where nobody is to be asked', async () => {
  expect((await answerOf(serve('public', CONTROL))).status).toBe(200);
  const open = serve(({ access }) => access.require([ALLOWED]));
  expect((await answerOf(open)).status).toBe(200);
});

test.each<[string, Record<string, string>, number]>([
  ['its own machine', { host: '127.0.0.1:8080' }, 200],
  ['its own machine by IPv6', { host: '[::1]:8080' }, 200],
  ['its own page', { 'sec-fetch-site': 'same-origin' }, 200],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a page of another port', { 'sec-fetch-site': 'same-site' }, 403],
  ['a page whose name leads here', { host: 'rebound.test' }, 403],
])('where nobody is asked, %s gets %s', async (_case, headers, status) => {
  const open = serve(({ access }) => access.require([ALLOWED]));
  expect((await answerOf(open, undefined, headers)).status).toBe(status);
});

test('a look that was refused is none, whatever the handler answers', async () => {
  const app = serve(async ({ access }) => {
    await access.meets([{ verb: 'get', resource: 'plugins' }]);
  }, CONTROL);
  expect((await answerOf(app, 'Bearer good')).status).toBe(500);
});
