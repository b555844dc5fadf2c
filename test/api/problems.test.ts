import { afterAll, beforeAll, expect, test } from 'vitest';

import type { AccessControl } from '../../api/access/guard.ts';
import committed from '../../api/openapi.json' with { type: 'json' };
import { apiWithoutTemporal } from '../support/api-without-temporal.ts';

// Goal: whatever a request does wrong before it reaches a run is a problem of RFC 9457 with a stable code. Method:
// requests into an API whose Temporal is not there, because none of them may get that far.

const JSON_BODY = { 'content-type': 'application/json' };
let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

test.each([
  { what: 'a path that is not there', url: '/api/v1/nothing', status: 404, code: 'not-found' },
  {
    what: 'a method that a path does not have',
    method: 'PUT',
    url: '/api/v1/backups/b',
    status: 405,
    code: 'method-not-allowed',
  },
  {
    what: 'a path that cannot be decoded',
    url: '/api/v1/backups/%zz',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'a name that no run can have',
    url: `/api/v1/backups/${'n'.repeat(254)}`,
    status: 400,
    code: 'invalid-name',
  },
  {
    what: 'a name that is longer than the router takes',
    url: `/api/v1/backups/${'n'.repeat(400)}`,
    status: 414,
    code: 'invalid-request',
  },
  {
    what: 'a body of another type',
    method: 'POST',
    url: '/api/v1/backups',
    headers: { 'content-type': 'text/yaml' },
    payload: 'metadata: {}',
    status: 415,
    code: 'invalid-request',
  },
  {
    what: 'a body that is too large',
    method: 'POST',
    url: '/api/v1/backups',
    headers: JSON_BODY,
    payload: JSON.stringify({ metadata: { name: 'b'.repeat(70_000) } }),
    status: 413,
    code: 'invalid-request',
  },
  {
    what: 'a body that is left out',
    method: 'POST',
    url: '/api/v1/restores',
    headers: JSON_BODY,
    payload: '',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'a text that looks like a body',
    method: 'POST',
    url: '/api/v1/schedules',
    headers: { 'content-type': 'text/plain' },
    payload: '{"metadata":{"name":"s"},"spec":{"schedule":"@daily"}}',
    status: 415,
    code: 'invalid-request',
  },
  {
    what: 'a schedule without a body',
    method: 'POST',
    url: '/api/v1/schedules',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'a schedule without a text of when',
    method: 'PUT',
    url: '/api/v1/schedules/s',
    headers: JSON_BODY,
    payload: '{"metadata":{"name":"s"},"spec":{}}',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'an endpoint that there is no cluster to keep in',
    method: 'POST',
    url: '/api/v1/notification-endpoints',
    headers: JSON_BODY,
    payload: '{"metadata":{"name":"e"},"spec":{"url":"https://receiver.invalid/"}}',
    status: 422,
    code: 'no-cluster',
  },
  {
    what: 'a limit that is no number',
    url: '/api/v1/backups?limit=all',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'a phase that is not known',
    url: '/api/v1/backups?phase=Done',
    status: 400,
    code: 'invalid-request',
  },
] as const)('$what is a problem of status $status', async ({ what, status, code, ...request }) => {
  const answer = await app.inject({ method: 'GET', ...request });
  expect(answer.headers['content-type'], what).toContain('application/problem+json');
  expect(answer.headers['x-request-id']).toBeDefined();
  expect(answer.json()).toMatchObject({
    type: `https://holdfast.dev/problems/${code}`,
    status,
    code,
    instance: request.url,
    requestId: answer.headers['x-request-id'],
    retryable: false,
  });
  expect(answer.statusCode).toBe(status);
});

test.each([
  ['/backups?limit=0', 'limit must be a whole number from 1 on, of at most six digits'],
  ['/backups?limit=1&limit=2', 'limit is given more than once; give it once'],
  ['/backups/b/items?type=', 'type is empty; give it a value, or leave it out'],
  ['/backups/b/items?namespace=', 'namespace is empty; give it a value, or leave it out'],
  ['/backups?page=2', 'page is not a field that is known; remove it'],
  [
    '/backups?location=My_Place',
    'location must be lower-case letters, digits and "-", beginning and ending with a letter or digit',
  ],
  [
    '/backups/My_Backup',
    'name must be lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit',
  ],
  [`/backups/${'n'.repeat(254)}`, 'name must have at most 253 characters'],
])('what is wrong with %s is said in words', async (path, detail) => {
  const answer = await app.inject(`/api/v1${path}`);
  expect(answer.json()).toMatchObject({ status: 400, detail });
});

test('the OpenAPI document that is served is the one that is committed', async () => {
  const answer = await app.inject('/api/v1/openapi.json');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual(committed);
});

test('the process says that it lives, whatever it needs is away', async () => {
  const answer = await app.inject('/livez');
  expect({ status: answer.statusCode, body: answer.json<unknown>() }).toEqual({
    status: 200,
    body: { status: 'ok' },
  });
});

test('the document says of what no token is needed for, and of which bodies may be left out', async () => {
  const { paths } = committed;
  expect(paths['/api/v1/schedules/{name}:pause'].post.requestBody.required).toBe(false);
  expect(paths['/api/v1/schedules'].post.requestBody.required).toBe(true);
  const control: AccessControl = {
    ...{ authenticate: () => Promise.resolve(undefined), allows: () => Promise.resolve(false) },
    ...{ ownCluster: 'local', ownNamespace: 'holdfast', clusterUid: () => Promise.resolve('u') },
  };
  const asking = await apiWithoutTemporal([], { control });
  const document = (await asking.inject('/api/v1/openapi.json')).json<typeof committed>();
  await asking.close();
  expect(document.security).toEqual([{ bearer: [] }]);
  expect(committed.security).toEqual([{ bearer: [] }, {}]);
  expect(document.paths['/livez'].get.security).toEqual([]);
});

test.each([
  ['PUT', '/api/v1/backups/b?location=x', 'DELETE, GET, HEAD'],
  ['DELETE', '/api/v1/backups', 'GET, HEAD, POST'],
  ['PUT', '/api/v1/backups/b:cancel', 'POST'],
  ['OPTIONS', '/api/v1/schedules:recover', 'POST'],
  ['POST', '/api/v1/backups/b/items/pods/web-1', 'GET, HEAD'],
  ['POST', '/livez', 'GET, HEAD'],
] as const)('a request is told which methods its path has: %s %s', async (method, url, allowed) => {
  const answer = await app.inject({ method, url });
  expect(answer.statusCode).toBe(405);
  expect(answer.headers).toMatchObject({ allow: allowed });
  expect(answer.json()).toMatchObject({ code: 'method-not-allowed' });
});

test('a path with a name that cannot be one is not there, whatever methods others like it have', async () => {
  const answer = await app.inject({ method: 'POST', url: '/api/v1/backups/%C3%97:cancel' });
  expect(answer.statusCode).toBe(404);
});
