import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import { keysUnder } from '../support/archive-items.ts';
import { Installation } from '../support/installation.ts';

// Goal: whatever is wrong with a request or with the world is told by a stable code, and leaves nothing behind.
// Method: a real installation; after each refusal the location is looked at.

let installation: Installation;

beforeAll(async () => {
  installation = await Installation.start();
});

afterAll(async () => {
  await installation.stop();
});

async function filesOf(name: string): Promise<string[]> {
  const store = installation.store();
  const files = await keysUnder(store, `backups/${name}/`);
  store.close();
  return files;
}

async function refused(path: string, body: unknown): Promise<Problem> {
  const {
    status,
    headers,
    body: problem,
  } = await installation.request<Problem>('POST', path, body);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(problem.status).toBe(status);
  expect(problem.requestId).toBe(headers.get('x-request-id'));
  return problem;
}

function specOf(ttl: string): object {
  return { cluster: installation.name, includedNamespaces: ['default'], ttl };
}

test('a field that is not known is named', async () => {
  const problem = await refused('/backups', {
    metadata: { name: 'b' },
    spec: { includeNamespace: ['x'] },
  });
  expect(problem).toMatchObject({ status: 400, code: 'unknown-field' });
  expect(problem.errors).toMatchObject([
    { pointer: '/spec/includeNamespace', code: 'unknown-field' },
  ]);
});

test('a name that is not valid is refused', async () => {
  const problem = await refused('/backups', { metadata: { name: 'Not_A_Name' } });
  expect(problem).toMatchObject({ status: 400, code: 'invalid-name' });
});

test('a name that is too long for a new run is refused, and is looked for all the same', async () => {
  const name = 'n'.repeat(101);
  const problem = await refused('/backups', { metadata: { name } });
  expect(problem).toMatchObject({
    status: 400,
    code: 'invalid-name',
    errors: [{ pointer: '/metadata/name' }],
  });
  // Velero's own may be longer, and are shown.
  const look = await installation.request<Problem>('GET', `/backups/${name}`);
  expect({ status: look.status, code: look.body.code }).toEqual({ status: 404, code: 'not-found' });
});

test.each(['0s', '59s', '9999999999h', '30 days'])(
  'a time to live of %s is refused with the field and what is possible',
  async (ttl) => {
    const body = { metadata: { name: 'b' }, spec: specOf(ttl) };
    const problem = await refused('/backups', body);
    expect(problem).toMatchObject({ status: 400, errors: [{ pointer: '/spec/ttl' }] });
    expect(problem.detail).toMatch(/must be (from 1m to 876000h|a duration such as 720h0m0s)/);
  },
);

test('the longest time to live that is taken ends in a record', async () => {
  const body = { metadata: { name: 'kept' }, spec: specOf('876000h') };
  expect((await installation.request('POST', '/backups', body)).status).toBe(202);
  const { status } = await installation.ended('backups', 'kept');
  expect(status).toMatchObject({ phase: 'Completed' });
  expect(status).toHaveProperty('expiration', expect.stringMatching(/^21\d\d-/));
});

test('a body that is no JSON is a problem too', async () => {
  const response = await fetch(`${installation.apiUrl}/api/v1/backups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  });
  expect(await response.json()).toMatchObject({ status: 400, code: 'invalid-request' });
});

test('namespaces that contradict each other are refused with the field', async () => {
  const mixed = { cluster: installation.name, includedNamespaces: ['*', 'default'] };
  expect(await refused('/backups', { metadata: { name: 'b' }, spec: mixed })).toMatchObject({
    status: 400,
    errors: [{ pointer: '/spec/includedNamespaces' }],
  });
  const both = { includedNamespaces: ['default'], excludedNamespaces: ['default'] };
  expect(await refused('/backups', { metadata: { name: 'b' }, spec: both })).toMatchObject({
    errors: [{ pointer: '/spec/excludedNamespaces' }],
  });
});

test('a location that is not known is refused', async () => {
  const problem = await refused('/backups?location=elsewhere', { metadata: { name: 'b' } });
  expect(problem).toMatchObject({ status: 422, code: 'unknown-location' });
});

test('a namespace that does not exist is refused by the cluster, and the name stays free', async () => {
  const { body, status } = await installation.createBackup('missing', ['no-such-namespace']);
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'namespace-not-found' });
  expect(await filesOf('missing')).toEqual([]);
  expect((await installation.createBackup('missing', ['default'])).status).toBe(202);
  await installation.ended('backups', 'missing');
});

test('the same request gives the same run, and another one under its name is refused', async () => {
  const first = await installation.createBackup('twice', ['default']);
  const again = await installation.createBackup('twice', ['default']);
  expect([first.status, again.status]).toEqual([202, 200]);
  expect(again.body.metadata.uid).toBe(first.body.metadata.uid);
  await installation.ended('backups', 'twice');
  const later = await installation.createBackup('twice', ['default']);
  expect(later.status).toBe(200);
  expect(later.body.metadata.uid).toBe(first.body.metadata.uid);
  const other = await installation.createBackup('twice', ['kube-system']);
  expect({ status: other.status, code: other.body.code }).toEqual({
    status: 409,
    code: 'already-exists',
  });
});

test('a field of a restore that is not known is named', async () => {
  const spec = { backupName: 'b', includeNamespaces: ['x'] };
  const problem = await refused('/restores', { metadata: { name: 'r' }, spec });
  expect(problem).toMatchObject({ status: 400, code: 'unknown-field' });
  expect(problem.errors).toMatchObject([{ pointer: '/spec/includeNamespaces' }]);
});

test('a restore of a namespace that the backup does not have is refused', async () => {
  await installation.createBackup('narrow', ['default']);
  await installation.ended('backups', 'narrow');
  const spec = { backupName: 'narrow', includedNamespaces: ['kube-system'] };
  const { status, body } = await installation.createRestore('r', spec);
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'namespace-not-found' });
  expect(body.detail).toContain('kube-system');
  const store = installation.store();
  expect(await keysUnder(store, 'restores/r/')).toEqual([]);
  store.close();
});

test('a restore of a backup that does not exist is refused', async () => {
  const { status, body } = await installation.createRestore('r', { backupName: 'nothing' });
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'backup-not-found' });
});

test('a cluster without a worker is told at once, and nothing is queued', async () => {
  const problem = await refused('/backups', { metadata: { name: 'b' }, spec: { cluster: 'mars' } });
  expect(problem).toMatchObject({ status: 503, code: 'no-worker', retryable: true });
  expect((await installation.request('GET', '/backups/b')).status).toBe(404);
});

test('what is not there is not found, and what has ended cannot be cancelled', async () => {
  expect((await installation.request('GET', '/backups/nothing')).status).toBe(404);
  await installation.createBackup('over', ['default']);
  await installation.ended('backups', 'over');
  const { status, body } = await installation.request<Problem>('POST', '/backups/over:cancel');
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'already-finished' });
});

test('lists are pages by name, and a token that is not one is refused', async () => {
  const page = await installation.request<{
    items: { metadata: { name: string } }[];
    metadata: { continue: string };
  }>('GET', '/backups?limit=1');
  expect(page.body.items).toHaveLength(1);
  const next = await installation.request<typeof page.body>(
    'GET',
    `/backups?limit=1&continue=${page.body.metadata.continue}`,
  );
  expect(next.body.items[0]?.metadata.name).not.toBe(page.body.items[0]?.metadata.name);
  expect((await installation.request('GET', '/backups?continue=!!')).status).toBe(400);
});

test('a Temporal server that is gone is told within seconds, and ended backups are still shown', async () => {
  await installation.kill('temporal');
  const problem = await refused('/backups', {
    metadata: { name: 'later' },
    spec: { cluster: installation.name },
  });
  expect(problem).toMatchObject({ status: 503, code: 'temporal-unreachable' });
  expect((await installation.look('backups', 'twice'))?.status.phase).toBe('Completed');
  expect(await filesOf('later')).toEqual([]);
  const list = await installation.request<{ items: { metadata: { name: string } }[] }>(
    'GET',
    '/backups',
  );
  expect(list.status).toBe(200);
  expect(list.body.items.map(({ metadata }) => metadata.name)).toContain('twice');
  expect(list.headers.get('warning')).toBe(
    '299 - "temporal-unreachable: runs that are under way are not listed"',
  );
  await installation.startPart('temporal');
  // The connection takes its time to come back.
  const warning = async () =>
    (await installation.request('GET', '/backups')).headers.get('warning');
  await expect.poll(warning, { timeout: 60_000 }).toBeNull();
});
