import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../../domain/api-resource.ts';
import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';

// Goal: a bad request to the registry of plugins is refused by its field. Method: an API whose Temporal is not there,
// because none may get that far.

let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

test.each([
  [{}, 'invalid-request /metadata is missing'],
  [{ metadata: {} }, 'invalid-request /metadata/name is missing'],
  [{ metadata: { name: 'Up.loader' } }, 'invalid-name /metadata/name must be lower-case letters'],
  [{ metadata: { name: 'a'.repeat(64) } }, 'invalid-name /metadata/name must have at most 63'],
  [{ spec: { cluster: '' } }, 'invalid-name /spec/cluster is empty'],
  [{ spec: { timeout: '1m' } }, 'unknown-field /spec/timeout is not a field'],
  [{ spec: { callTimeout: 60 } }, 'invalid-request /spec/callTimeout must be string'],
  [
    { spec: { callTimeout: '9'.repeat(65) } },
    'invalid-request /spec/callTimeout must have at most',
  ],
  [{ spec: { callTimeout: '5h' } }, 'invalid-request /spec/callTimeout must be from 1s to 4h0m0s'],
  [
    { spec: { unavailableTimeout: '10' } },
    'invalid-request /spec/unavailableTimeout must be a dur',
  ],
])('a registration with %j is refused', async (body, fault) => {
  const payload = 'spec' in body ? { metadata: { name: 'uploader' }, ...body } : body;
  const answer = await app.inject({ method: 'POST', url: '/api/v1/plugins', payload });
  expect(answer.statusCode).toBe(400);
  const { errors = [] } = answer.json<Problem>();
  expect(errors.map(({ code, detail }) => `${code} ${detail}`)).toContainEqual(
    expect.stringContaining(fault),
  );
});

test.each([
  ['GET', '?location=default', 'unknown-field'],
  ['GET', '?cluster=A', 'invalid-name'],
  ['GET', '/uploader?cluster=', 'invalid-name'],
  ['GET', '/Uploader', 'invalid-name'],
  ['DELETE', '/up_loader', 'invalid-name'],
] as const)('%s /plugins%s is refused', async (method, path, code) => {
  const answer = await app.inject({ method, url: `/api/v1/plugins${path}` });
  expect(answer.json()).toMatchObject({ status: 400, code });
});
