import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import type { Applied } from '../support/applied-yaml.ts';
import { keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { applyEveryVolume } from '../support/every-volume.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Installation } from '../support/installation.ts';
import { startProxy } from '../support/kubectl-proxy.ts';
import { deleteNamespace } from '../support/kubectl.ts';
import { applyManyKinds } from '../support/many-kinds.ts';
import { archiveFaults, type ArchivedObject } from '../support/velero-archive.ts';
import { type BackupFiles, rootFaults, veleroFaults } from '../support/velero-format.ts';

// Goal: a backup made here is well-formed by Velero's own rules. Method: a checker that shares nothing with Holdfast's
// readers and reads with `tar`; test/support/velero-format.test.ts damages each thing that it looks at.

const kinds = `vf-${String(process.pid)}`;
const volumes = `${kinds}-volumes`;
const large = `${kinds}-large`;
const NO_VOLUMES = { snapshotVolumes: false, defaultVolumesToFsBackup: false };
let proxy: FaultProxy;
let installation: Installation;
let store: ObjectStore;
const fixtures: Applied[] = [];

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  store = installation.store();
  fixtures.push(
    ...(await Promise.all([
      applyManyKinds(kinds),
      applyEveryVolume(volumes),
      fillNamespace(large, { type: CONFIG_MAP, count: 1100, bytes: 50 }).then(() => ({
        remove: () => deleteNamespace(large),
      })),
    ])),
  );
});

afterAll(async () => {
  for (const fixture of fixtures) {
    await fixture.remove();
  }
  store.close();
  await installation.stop();
  proxy.stop();
});

async function create(name: string, spec: object): Promise<void> {
  const body = { metadata: { name }, spec: { cluster: installation.name, ...spec } };
  expect((await installation.request('POST', '/backups', body)).status).toBe(202);
}

/** The files of an ended backup; it has ended before its plan and its shards are removed. */
async function filesOf(name: string): Promise<BackupFiles> {
  const folder = `backups/${name}/`;
  await expect.poll(() => keysUnder(store, `${folder}work/`)).toEqual([]);
  const keys = await keysUnder(store, folder);
  return new Map(
    await Promise.all(
      keys.map(async (key) => [key.slice(folder.length), await readAll(store, key)] as const),
    ),
  );
}

async function objectsOf(name: string): Promise<ArchivedObject[]> {
  const archive = (await filesOf(name)).get(`${name}.tar.gz`) ?? Buffer.alloc(0);
  return (await archiveFaults(archive)).objects;
}

test.each([
  {
    what: 'a small backup, with every kind of filter in its record',
    name: 'small',
    phase: 'Completed',
    spec: {
      ...{ includedNamespaces: [kinds], excludedNamespaces: ['kube-*'], ttl: '48h', ...NO_VOLUMES },
      excludedResources: ['endpoints'],
      orLabelSelectors: [
        { matchExpressions: [{ key: 'no-such-label', operator: 'DoesNotExist' }] },
        { matchLabels: { app: 'shop' } },
      ],
      orderedResources: { configmaps: `${kinds}/kube-root-ca.crt` },
    },
  },
  {
    what: 'a backup in shards with related items',
    name: 'shards',
    phase: 'Completed',
    spec: { includedNamespaces: [large, kinds], ...NO_VOLUMES },
  },
  {
    what: 'a backup without the data of its volumes',
    name: 'gaps',
    phase: 'PartiallyFailed',
    spec: { includedNamespaces: [volumes] },
  },
  {
    what: 'a backup of all served versions',
    name: 'versions',
    phase: 'Completed',
    spec: { includedNamespaces: [kinds], apiVersions: 'All', ...NO_VOLUMES },
  },
])('$what is well-formed', async ({ name, phase, spec }) => {
  await create(name, spec);
  expect((await installation.ended('backups', name)).status.phase).toBe(phase);
  expect(await veleroFaults(name, await filesOf(name))).toEqual([]);
});

test('a backup in shards holds what its objects refer to, and one of all versions has several of some', async () => {
  const shards = await objectsOf('shards');
  expect(shards.filter(({ key }) => key.startsWith(`${large}/item-`))).toHaveLength(1100);
  const types = new Set(shards.map(({ type }) => type));
  expect(types).toContain('customresourcedefinitions.apiextensions.k8s.io');
  expect(types).toContain('clusterrolebindings.rbac.authorization.k8s.io');
  const versions = await objectsOf('versions');
  const names = versions.map(({ type, key }) => `${type} ${key}`);
  expect(new Set(names).size).toBeLessThan(names.length);
});

test('a backup that was cancelled leaves a record that is well-formed, and no archive', async () => {
  // Parts of the log are on their way by themselves, and may come when all else is over.
  const release = proxy.hold((path) => /\/cancelled\/work\/(?!.*\/log\/)/.test(path));
  await create('cancelled', { includedNamespaces: [kinds], ...NO_VOLUMES });
  await installation.request('POST', '/backups/cancelled:cancel');
  release();
  expect((await installation.ended('backups', 'cancelled')).status.phase).toBe('Cancelled');
  proxy.faults = [];
  const files = await filesOf('cancelled');
  expect([...files.keys()]).not.toContain('cancelled.tar.gz');
  expect(await veleroFaults('cancelled', files)).toEqual([]);
});

test('a backup that failed leaves a record that is well-formed and says why, and no archive', async () => {
  const matches = (path: string): boolean => path.endsWith('/failed.tar.gz');
  proxy.faults = [{ method: 'GET', matches, effect: 'flip' }];
  await create('failed', { includedNamespaces: [kinds], ...NO_VOLUMES });
  expect((await installation.ended('backups', 'failed')).status.phase).toBe('Failed');
  proxy.faults = [];
  const files = await filesOf('failed');
  expect(files.get('velero-backup.json')?.toString()).toContain('archive-mismatch: ');
  expect([...files.keys()]).not.toContain('failed.tar.gz');
  expect(await veleroFaults('failed', files)).toEqual([]);
});

test('objects are the text of the API server, to the byte', async () => {
  const objects = (await objectsOf('small')).filter(({ key }) => key.startsWith(`${kinds}/`));
  const cluster = await startProxy();
  try {
    const compared = await Promise.all(
      objects.map(async (object) => {
        const live = await (await fetch(`${cluster.url}${pathOf(object)}`)).text();
        return { object, live: live.trimEnd() };
      }),
    );
    const unchanged = compared.filter(
      ({ object, live }) => versionOf(object.text) === versionOf(live),
    );
    expect(new Set(unchanged.map(({ object }) => object.type)).size).toBeGreaterThan(15);
    expect(unchanged.filter(({ object, live }) => !isSameText(object, live))).toEqual([]);
    for (const { object, live } of unchanged) {
      expect(JSON.parse(object.text)).toEqual(JSON.parse(live));
    }
  } finally {
    cluster.stop();
  }
});

/** The text is the same behind version and kind, which stand in another order; an item of a list has neither. */
function isSameText({ apiVersion, kind, text }: ArchivedObject, live: string): boolean {
  const heads = [
    `{"apiVersion":"${apiVersion}","kind":"${kind}",`,
    `{"kind":"${kind}","apiVersion":"${apiVersion}",`,
  ];
  const tail = (whole: string): string =>
    whole.slice(heads.find((head) => whole.startsWith(head))?.length ?? 0);
  return tail(text) === tail(live);
}

function pathOf({ type, apiVersion, key }: ArchivedObject): string {
  const [namespace = '', name = ''] = key.split('/');
  const [resource = ''] = type.split('.');
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  return `${root}/${apiVersion}/namespaces/${namespace}/${resource}/${name}`;
}

function versionOf(text: string): string | undefined {
  // It is a Kubernetes object, or says why there is none.
  const object = JSON.parse(text) as { metadata?: { resourceVersion?: string } };
  return object.metadata?.resourceVersion;
}

test('at the root of the location stands nothing that Velero does not know', async () => {
  expect(rootFaults(await keysUnder(store, ''))).toEqual([]);
});
