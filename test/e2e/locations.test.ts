import { afterAll, beforeAll, expect, test } from 'vitest';

import type {
  BackupResource,
  Problem,
  ResourceList,
  RestoreResource,
  ScheduleResourceList,
} from '../../domain/api-resource.ts';
import type {
  StorageLocationResource,
  StorageLocationResourceList,
} from '../../domain/locations/api-location.ts';
import { adoptLocation } from '../../storage/location-owner.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { type Answer, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: storage locations come and go over the API while Holdfast runs, its workers meet them at once, and nothing that
// is in use is taken away. Method: a real installation with one configured location, to which others are added, by
// requests, by the command line and with kubectl.

let installation: Installation;
let namespace: string;

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('located')]);
  await kubectl('create', 'configmap', 'note', '--from-literal=text=first', '-n', namespace);
});

afterAll(async () => {
  await kubectl('delete', 'namespace', installation.ownNamespace, '--ignore-not-found');
  for (const name of ['vault', 'attic']) {
    const store = openObjectStore(placeOf(name));
    for await (const page of store.list('')) {
      await store.remove(page.map(({ key }) => key));
    }
    store.close();
  }
  await installation.stop();
  await dropNamespaces(namespace);
});

/** Another prefix of the bucket. */
function placeOf(name: string) {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the installation has a bucket');
  }
  return { ...location, name, prefix: `${location.prefix}-${name}` };
}

function specOf(name: string, more: object = {}): object {
  return { ...placeOf(name), name: undefined, ...more };
}

function write<Body = StorageLocationResource>(
  method: 'POST' | 'PUT',
  name: string,
  { spec = specOf(name), query = '' }: { spec?: object; query?: string } = {},
): Promise<Answer<Body>> {
  const path = method === 'POST' ? '/storage-locations' : `/storage-locations/${name}`;
  return installation.request(method, `${path}${query}`, { metadata: { name }, spec });
}

/** What `kubectl apply` does, which nothing checks. */
function applyLocation(name: string, spec: object): Promise<unknown> {
  return applyYaml(
    JSON.stringify({
      ...{ apiVersion: 'holdfast.dev/v1', kind: 'StorageLocation', spec },
      metadata: { name, namespace: installation.ownNamespace },
    }),
  );
}

function remove(name: string): Promise<Answer<Problem>> {
  return installation.request('DELETE', `/storage-locations/${name}`);
}

async function names(): Promise<string[]> {
  const { body } = await installation.request<StorageLocationResourceList>(
    'GET',
    '/storage-locations',
  );
  return body.items.map(({ metadata }) => metadata.name);
}

/** Makes a backup in a location, and waits for its end. */
async function backUp(name: string, location: string): Promise<string> {
  const spec = { cluster: installation.name, includedNamespaces: [namespace] };
  const answer = await installation.request<BackupResource & Problem>(
    'POST',
    `/backups?location=${location}`,
    { metadata: { name }, spec },
  );
  if (answer.status >= 300) {
    return answer.body.detail;
  }
  const path = `/backups/${name}?location=${location}`;
  const look = () => installation.request<BackupResource>('GET', path);
  await expect.poll(async () => (await look()).body.status.phase).toBe('Completed');
  return (await look()).body.metadata.uid;
}

test('a location is checked, kept as a resource, and given again for the same request', async () => {
  const made = await write('POST', 'vault');
  expect(made.status).toBe(201);
  expect(made.headers.get('location')).toBe('/api/v1/storage-locations/vault');
  expect(made.body).toMatchObject({
    metadata: { name: 'vault', origin: 'Resource' },
    spec: { provider: 's3', isDefault: false },
    status: { phase: 'Available' },
  });
  expect((await write('POST', 'vault')).status).toBe(200);
  const look = await installation.request<StorageLocationResource>(
    'GET',
    '/storage-locations/vault',
  );
  expect(look.body.status).toEqual({ ...made.body.status, checks: [] });
  await kubectl(
    ...['wait', '--for=condition=Available', '--timeout=60s', 'storagelocations/vault'],
    ...['-n', installation.ownNamespace],
  );
  const other = await write<Problem>('POST', 'vault', { spec: specOf('attic') });
  expect(other).toMatchObject({ status: 409, body: { code: 'already-exists' } });
  expect(await names()).toEqual(['default', 'vault']);
  const listed = await kubectl('get', 'storagelocations', '-n', installation.ownNamespace);
  expect(listed).toMatch(/vault +s3 +\S+ +tests\/\S+-vault/);
});

test('backups of one name in two locations are two backups, and a restore takes the one that it names', async () => {
  const inDefault = await backUp('twin', 'default');
  await kubectl(
    ...['patch', 'configmap', 'note', '-n', namespace, '--type=merge'],
    ...['-p', '{"data":{"text":"second"}}'],
  );
  const inVault = await backUp('twin', 'vault');
  expect(inVault).not.toBe(inDefault);
  for (const [location, text] of [
    ['default', 'first'],
    ['vault', 'second'],
  ] as const) {
    const into = `${namespace}-${location}`;
    const path = `/restores?location=${location}`;
    await installation.request('POST', path, {
      metadata: { name: 'back' },
      spec: {
        ...{ cluster: installation.name, backupName: 'twin' },
        namespaceMapping: { [namespace]: into },
      },
    });
    await expect
      .poll(async () => {
        const look = `/restores/back?location=${location}`;
        const { body } = await installation.request<RestoreResource>('GET', look);
        return body.status.phase;
      })
      .toBe('Completed');
    expect(
      await kubectl('get', 'configmap', 'note', '-n', into, '-o', 'jsonpath={.data.text}'),
    ).toBe(text);
    await kubectl('delete', 'namespace', into, '--wait=false');
  }
  await installation.request('DELETE', '/backups/twin?location=vault');
  const path = '/backups/twin?location=vault';
  await expect.poll(async () => (await installation.request('GET', path)).status).toBe(404);
  expect((await installation.request('GET', '/backups/twin')).status).toBe(200);
});

test('what cannot be used is refused with the field or the operation, and nothing is kept', async () => {
  const wrong = await write<Problem>('POST', 'attic', { spec: specOf('attic', { bukket: 'b' }) });
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors).toEqual([
    {
      pointer: '/spec/bukket',
      code: 'invalid-request',
      detail: '/spec/bukket is not a field of a s3 location',
    },
  ]);
  const spec = specOf('attic', { bucket: 'there-is-no-such-bucket' });
  const away = await write<Problem>('POST', 'attic', { spec });
  expect(away).toMatchObject({ status: 422, body: { code: 'location-unavailable' } });
  expect(away.body.detail).toContain('put failed');
  const taken = await write<Problem>('POST', 'attic', { spec: specOf('vault') });
  expect(taken.body.detail).toContain('the storage location vault has this place already');
  expect(await names()).toEqual(['default', 'vault']);
  const template = { cluster: installation.name, includedNamespaces: [namespace] };
  const schedule = { metadata: { name: 'elsewhere' }, spec: { schedule: '@weekly', template } };
  await installation.request('POST', '/schedules', schedule);
  expect((await write('POST', 'attic', { spec, query: '?check=false' })).status).toBe(201);
  // A location that does not answer hides nothing of the others.
  expect((await installation.request('GET', '/schedules/elsewhere')).status).toBe(200);
  expect((await installation.request('DELETE', '/schedules/elsewhere')).status).toBe(204);
  expect((await write('PUT', 'attic')).body).toMatchObject({
    metadata: { name: 'attic' },
    status: { phase: 'Available' },
  });
  expect(await backUp('first', 'attic')).toMatch(/^[-0-9a-f]{36}$/);
});

test('the default location is the one that was made so last', async () => {
  const list = async () =>
    (await installation.request<ResourceList<BackupResource>>('GET', '/backups')).body.items.map(
      ({ metadata }) => `${metadata.location}/${metadata.name}`,
    );
  expect(await list()).toEqual(['default/twin']);
  for (const name of ['vault', 'attic']) {
    await write('PUT', name, { spec: specOf(name, { isDefault: true }), query: '?check=false' });
  }
  expect(await list()).toEqual(['attic/first']);
  const { body } = await installation.request<StorageLocationResourceList>(
    'GET',
    '/storage-locations',
  );
  const defaults = body.items.filter(({ spec }) => spec.isDefault);
  expect(defaults.map(({ metadata }) => metadata.name)).toEqual(['attic']);
  await write('PUT', 'attic', { query: '?check=false' });
  expect(await list()).toEqual(['default/twin']);
});

test('a location that is used is neither moved nor deleted, and one of the configuration never', async () => {
  const template = { cluster: installation.name, includedNamespaces: [namespace] };
  await installation.request('POST', '/schedules', {
    metadata: { name: 'weekly' },
    spec: { schedule: '@weekly', location: 'attic', template },
  });
  const moved = await write<Problem>('PUT', 'attic', { spec: specOf('cellar') });
  expect(moved).toMatchObject({ status: 409, body: { code: 'in-use' } });
  const refused = await remove('attic');
  expect(refused).toMatchObject({ status: 409, body: { code: 'in-use' } });
  expect(refused.body.detail).toContain('the schedule weekly');
  await installation.request('DELETE', '/schedules/weekly');
  expect((await remove('attic')).status).toBe(204);
  expect(await backUp('second', 'attic')).toContain('there is no storage location "attic"');
  expect(await remove('default')).toMatchObject({ status: 409, body: { code: 'location-fixed' } });
  expect(await remove('attic')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  // What it held is there when it comes back.
  expect((await write('POST', 'attic')).status).toBe(201);
  expect((await installation.request('GET', '/backups/first?location=attic')).status).toBe(200);
});

test('a location that is away hides no schedule of another one', async () => {
  const template = { cluster: installation.name, includedNamespaces: [namespace] };
  for (const location of ['default', 'attic']) {
    await installation.request('POST', '/schedules', {
      metadata: { name: `of-${location}` },
      spec: { schedule: '@weekly', location, template, paused: true },
    });
  }
  await applyLocation('attic', specOf('attic', { endpoint: 'http://127.0.0.1:1' }));
  const list = () => installation.request<ScheduleResourceList>('GET', '/schedules');
  await expect.poll(async () => (await list()).body.metadata.unread).toHaveLength(1);
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['of-default']);
  expect(body.metadata.unread).toMatchObject([{ location: 'attic', code: 'location-unreachable' }]);
  expect((await installation.request('GET', '/schedules/of-default')).status).toBe(200);
  const listed = startHoldfast(['schedule', 'list', '--server', installation.apiUrl]);
  expect(await listed.status).toBe(0);
  expect(listed.stderr).toContain('schedules of the location attic are not listed');
  // One that refuses to be read keeps nobody from making another schedule, but for one of a name that it may have.
  const proxy = await FaultProxy.start(placeOf('attic').endpoint ?? '');
  proxy.faults = [{ method: 'GET', matches: () => true, effect: 'forbid' }];
  await applyLocation('attic', specOf('attic', { endpoint: proxy.url }));
  const put = (name: string) =>
    installation.request<Problem>('PUT', `/schedules/${name}`, {
      metadata: { name },
      spec: { schedule: '@weekly', template, paused: true },
    });
  await expect
    .poll(async () => (await list()).body.metadata.unread)
    .toMatchObject([{ code: 'location-forbidden' }]);
  expect((await put('of-nobody')).status).toBe(201);
  expect((await put('of-attic')).body.code).toBe('location-forbidden');
  await applyLocation('attic', specOf('attic'));
  await expect.poll(async () => (await list()).body.metadata.unread).toBeUndefined();
  proxy.stop();
  for (const name of ['of-default', 'of-attic', 'of-nobody']) {
    expect((await installation.request('DELETE', `/schedules/${name}`)).status).toBe(204);
  }
});

test('one that somebody wrote with kubectl is met, and says what is wrong with it', async () => {
  await applyLocation('by-hand', { provider: 's3', bucket: '' });
  const look = () =>
    installation.request<StorageLocationResource>('GET', '/storage-locations/by-hand');
  expect((await look()).body).toMatchObject({
    metadata: { origin: 'Resource' },
    status: { phase: 'Unavailable', problem: { code: 'invalid-request', subject: 'spec.bucket' } },
  });
  expect(await backUp('third', 'by-hand')).toContain('spec.bucket must be a text');
  await remove('by-hand');
  expect((await look()).status).toBe(404);
});

test('locations are made, shown and forgotten from the command line', async () => {
  const cli = async (...args: string[]) => {
    const command = startHoldfast(['location', ...args, '--server', installation.apiUrl]);
    return { status: await command.status, stdout: command.stdout, stderr: command.stderr };
  };
  const { bucket, prefix, endpoint = '' } = placeOf('by-cli');
  const made = await cli(
    ...['create', 'by-cli', '--bucket', bucket, '--prefix', prefix, '--endpoint', endpoint],
    ...['--set', 'uploadBytesPerSecond=1048576'],
  );
  expect(made).toEqual({
    ...{ status: 0, stdout: '' },
    stderr: 'storage location by-cli is kept, and is Available\n',
  });
  expect((await cli('describe', 'by-cli')).stdout).toMatch(
    /Kept as: +Resource\n[^]*1048576 bytes[^]*Available +True/,
  );
  expect((await cli('list')).stdout).toMatch(/by-cli .* Resource\n/);
  const changed = await cli('set', 'by-cli', '--set', 'uploadBytesPerSecond=null', '--no-check');
  expect(changed.status).toBe(0);
  const after = (await cli('describe', 'by-cli')).stdout;
  expect(after).toMatch(/Upload: +no limit\n/);
  expect(after).toContain(prefix);
  expect((await cli('set', 'by-cli')).status).toBe(2);
  const stranger = await cli('set', 'by-cli', '--set', 'colour=red');
  expect(stranger).toMatchObject({ status: 1, stdout: '' });
  const wrong = await cli('create', 'wrong', '--provider', 'folder');
  expect(wrong).toMatchObject({ status: 1, stdout: '' });
  expect(wrong.stderr).toContain('/spec/path must be a text that is not empty');
  expect((await cli('delete', 'by-cli')).stderr).toContain('what is in it stays');
  expect(await names()).not.toContain('by-cli');
});

test('a location of another Holdfast is not written to before it is taken over', async () => {
  expect(await backUp('before', 'vault')).toMatch(/^[-0-9a-f]{36}$/);
  const store = openObjectStore(placeOf('vault'));
  await adoptLocation(store, { installation: 'another', since: '2026-01-01T00:00:00Z' });
  store.close();
  const refused = await backUp('ours', 'vault');
  expect(refused).toContain('the location vault belongs to another Holdfast (another, since');
  const spec = { cluster: installation.name, removal: 'All' };
  const path = '/reconciliations?location=vault';
  expect(await installation.request<Problem>('POST', path, { spec })).toMatchObject({
    ...{ status: 409, body: { code: 'location-owned' } },
  });
  const ask = (method: 'POST' | 'DELETE', verb: string, body?: object) =>
    installation.request<Problem>(method, `/backups/before${verb}?location=vault`, body);
  for (const answer of [
    await ask('DELETE', ''),
    await ask('POST', ':hold', { reason: 'audit' }),
    await ask('POST', ':extend', { ttl: '8760h' }),
  ]) {
    expect(answer).toMatchObject({ status: 409, body: { code: 'location-owned' } });
  }
  const check = () =>
    installation.request<StorageLocationResource>('POST', '/storage-locations/vault:check');
  expect((await check()).body.status?.owner).toMatchObject({ isOwn: false });
  const adopted = await installation.request('POST', '/storage-locations/vault:adopt');
  expect(adopted.status).toBe(200);
  expect(await backUp('ours', 'vault')).toMatch(/^[-0-9a-f]{36}$/);
  expect((await check()).body.status?.owner).toMatchObject({ isOwn: true });
  expect((await ask('DELETE', '')).status).toBe(202);
});
