import { afterAll, beforeAll, expect, test } from 'vitest';

import type {
  BackupResource,
  ResourceList,
  RestoreResource,
  ScheduleResource,
  ScheduleResourceList,
} from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { senderTo } from '../support/api-sender.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: a program finds the runs and schedules that it means among all of them, and starts each run once however often it
// asks. Method: a real installation with a few runs, and questions that differ in one thing.

let installation: Installation;
let namespace: string;
const send = senderTo(() => installation);

beforeAll(async () => {
  [installation, namespace] = await Promise.all([Installation.start(), freshNamespace('listed')]);
  await kubectl('create', 'configmap', 'note', '--from-literal=text=first', '-n', namespace);
  await installation.createBackup('first', [namespace]);
  await send('GET', '/backups/first', { headers: { prefer: 'wait=30' } });
});

afterAll(async () => {
  await installation.stop();
  await dropNamespaces(namespace);
});

test('runs are listed by what is asked of them, in the order asked for, page by page', async () => {
  const { body: first } = await send<BackupResource>('GET', '/backups/first');
  const { creationTimestamp } = first.metadata;
  // Records have whole seconds.
  await expect.poll(() => Date.now() - Date.parse(creationTimestamp)).toBeGreaterThan(1000);
  await installation.createBackup('b', [namespace]);
  await installation.createBackup('c', [namespace]);
  const list = async (query: string): Promise<string> => {
    const { body } = await send<ResourceList<BackupResource>>('GET', `/backups?${query}`);
    return body.items.map(({ metadata }) => metadata.name).join();
  };
  await expect.poll(() => list('phase=Completed')).toBe('b,c,first');
  expect(await list('orderBy=createdAt&phase=Completed')).toBe('first,b,c');
  expect(await list(`namespace=${namespace}&orderBy=-createdAt`)).toBe('c,b,first');
  expect(await list('namespace=elsewhere')).toBe('');
  expect(await list('schedule=nightly')).toBe('');
  expect(await list('labelSelector=velero.io%2Fstorage-location%3Ddefault&limit=2')).toBe('b,c');
  expect(await list('labelSelector=%21velero.io%2Fstorage-location')).toBe('');
  const time = encodeURIComponent(creationTimestamp);
  expect(await list(`createdAfter=${time}`)).toBe('b,c');
  expect(await list(`createdBefore=${time}`)).toBe('');

  const page = await send<ResourceList<BackupResource>>('GET', '/backups?limit=1');
  const token = page.body.metadata.continue ?? '';
  expect(await list(`limit=1&continue=${token}`)).toBe('c');
  for (const [query, text] of [
    [`limit=1&phase=Completed&continue=${token}`, 'continue is not a token of this list'],
    ['labelSelector=a%20b', 'labelSelector: the part "a b"'],
    ['createdAfter=yesterday', 'createdAfter'],
    ['orderBy=size', 'orderBy must be one of'],
  ] as const) {
    const refused = await send('GET', `/backups?${query}`);
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining(text)]);
  }
});

test('labels of a backup are listed, found by selectors, and part of its record and its request', async () => {
  const labels = { team: 'shop', tier: 'gold' };
  const spec = { cluster: installation.name, includedNamespaces: [namespace] };
  const noted = { name: 'noted', labels, annotations: { 'example.com/why': 'before the sale' } };
  const made = await send<BackupResource>('POST', '/backups', { body: { metadata: noted, spec } });
  expect([made.status, made.body.metadata]).toMatchObject([202, noted]);
  const found = '/backups?labelSelector=team%20in%20%28shop%2Cbank%29%2C%21colour';
  const names = async (): Promise<string[]> => {
    const { body } = await send<ResourceList<BackupResource>>('GET', found);
    return body.items.map(({ metadata, status }) => `${metadata.name} ${status.phase}`);
  };
  await expect.poll(names).toEqual(['noted Completed']);
  const same = { metadata: noted, spec };
  expect((await send('POST', '/backups', { body: same })).status).toBe(200);
  const other = { metadata: { ...noted, labels: { team: 'bank' } }, spec };
  expect((await send('POST', '/backups', { body: other })).body.code).toBe('already-exists');
  const taken = { 'velero.io/schedule-name': 'nightly', 'not a key': 'x' };
  const refused = await send('POST', '/backups', {
    body: { metadata: { name: 'x', labels: taken } },
  });
  expect([refused.status, refused.body.errors?.map(({ pointer }) => pointer)]).toEqual([
    ...[400, ['/metadata/labels/velero.io~1schedule-name', '/metadata/labels/not a key']],
  ]);
  const store = installation.store();
  const record = await readAll(store, backupKeys('noted').record);
  store.close();
  expect(JSON.parse(record.toString()) as VeleroBackup).toMatchObject({
    metadata: { labels: { ...labels, 'velero.io/storage-location': 'default' } },
  });

  const restore = { cluster: installation.name, backupName: 'noted', namespaceMapping: {} };
  const again = { metadata: { name: 'again', labels }, spec: restore };
  const { body: restored } = await send<RestoreResource>('POST', '/restores', { body: again });
  expect(restored.metadata.labels).toEqual(labels);
  await expect
    .poll(async () => {
      const { body } = await send<ResourceList<RestoreResource>>(
        ...(['GET', '/restores?labelSelector=tier%3Dgold&phase=Completed'] as const),
      );
      return body.items.map(({ metadata }) => metadata.name);
    })
    .toEqual(['again']);
});

test('a schedule gives its labels to its backups', async () => {
  const spec = {
    ...{ schedule: '@yearly' },
    template: { cluster: installation.name, includedNamespaces: [namespace] },
  };
  const body = { metadata: { name: 'labelled', labels: { team: 'shop' } }, spec };
  const made = await send<ScheduleResource>('POST', '/schedules', { body });
  expect(made.body.metadata.labels).toEqual({ team: 'shop' });
  expect((await send('POST', '/schedules', { body })).status).toBe(200);
  const headers = { 'content-type': 'application/merge-patch+json' };
  const path = '/schedules/labelled';
  const changed = await send<ScheduleResource>('PATCH', path, {
    ...{ headers, body: { metadata: { labels: { tier: 'gold' } } } },
  });
  expect(changed.body.metadata.labels).toEqual({ team: 'shop', tier: 'gold' });
  const { body: list } = await send<ScheduleResourceList>(
    ...(['GET', `/schedules?labelSelector=tier&namespace=${namespace}&phase=Enabled`] as const),
  );
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['labelled']);
  await send('POST', `${path}:trigger`, { body: {} });
  await expect
    .poll(async () => {
      const { body: backups } = await send<ResourceList<BackupResource>>(
        ...(['GET', '/backups?labelSelector=tier%3Dgold&schedule=labelled'] as const),
      );
      return backups.items.length;
    })
    .toBe(1);
  await send('DELETE', path);
});

test('a key stands for one request, whoever sends it again, and a generated name for one run', async () => {
  const spec = { cluster: installation.name, includedNamespaces: [namespace] };
  const body = { metadata: { generateName: 'sale-' }, spec };
  const headers = { 'idempotency-key': 'order-17' };
  const answers = await Promise.all(
    [1, 2, 3].map(() => send<BackupResource>('POST', '/backups', { headers, body })),
  );
  const names = new Set(answers.map(({ body: { metadata } }) => metadata.name));
  expect([...names]).toEqual([expect.stringMatching(/^sale-[0-9a-f]{12}$/)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 202]);
  const other = { headers, body: { ...body, spec: { ...spec, ttl: '9h' } } };
  const reused = await send('POST', '/backups', other);
  expect([reused.status, reused.body.code]).toEqual([422, 'idempotency-key-reused']);

  const unkeyed = await Promise.all([1, 2].map(() => send('POST', '/backups', { body })));
  expect(unkeyed.map(({ status }) => status)).toEqual([202, 202]);
  const { body: list } = await send<ResourceList<BackupResource>>('GET', '/backups');
  const made = list.items.filter(({ metadata }) => metadata.name.startsWith('sale-'));
  expect(made).toHaveLength(3);

  for (const [metadata, more, text] of [
    [{}, {}, '/metadata/name is missing'],
    [{ name: 'sale', generateName: 'sale-' }, {}, '/metadata/generateName is one too many'],
    [{ name: 'sale' }, headers, 'goes with metadata.generateName'],
    [{ generateName: 'sale-' }, { 'idempotency-key': 'x'.repeat(300) }, 'at most 255'],
  ] as const) {
    const refused = await send('POST', '/backups', { headers: more, body: { metadata, spec } });
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining(text)]);
  }
});
