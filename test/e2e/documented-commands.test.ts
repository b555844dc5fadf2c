import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem } from '../../domain/api-resource.ts';
import type { S3Location } from '../../domain/storage-location.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import {
  DocumentationReader,
  type PageWalk,
  type Surroundings,
} from '../support/docs/page-walk.ts';
import { EmptyCluster } from '../support/empty-cluster.ts';
import { EventReceiver } from '../support/event-receiver.ts';
import { ExamplePlugin } from '../support/example-plugin.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: the commands of the documentation do what their page says. Method: they are run as they stand, page by page, in a
// cluster that has the names of the pages: the namespaces `holdfast` and `shop`, the cluster `local`. What a page has for
// something of the reader's own is replaced: the bucket, and where the API listens.

const VELERO = new URL('../testbed/manifests/velero.yaml', import.meta.url);
const DAILY = {
  ...{ apiVersion: 'velero.io/v1', kind: 'Schedule' },
  metadata: { name: 'daily', namespace: 'velero' },
  spec: {
    schedule: '0 3 * * *',
    template: { includedNamespaces: ['shop'], storageLocation: 'default', ttl: '720h0m0s' },
  },
};
const OWN = { HOLDFAST_CLUSTER: 'local', HOLDFAST_NAMESPACE: 'holdfast' };

let cluster: EmptyCluster;
let installation: Installation;
let reader: DocumentationReader;
let receiver: EventReceiver;
let plugin: ExamplePlugin;

beforeAll(async () => {
  [cluster, reader, receiver] = await Promise.all([
    EmptyCluster.start({ hasControllers: true }),
    DocumentationReader.start(),
    EventReceiver.start(),
  ]);
  installation = await Installation.start({
    kubeconfig: cluster.kubeconfig,
    environment: { worker: OWN, api: { ...OWN, HOLDFAST_REVEAL_SECRETS: 'true' } },
  });
  plugin = await ExamplePlugin.start(
    { temporalAddress: installation.temporalAddress, name: 'local' },
    { language: 'typescript', name: 'uploader', folder: reader.folder },
  );
  await applyYaml(application(), cluster.kubeconfig);
});

afterAll(async () => {
  await plugin.end('SIGTERM');
  await installation.stop();
  receiver.stop();
  await cluster.stop();
  await reader.stop();
});

function walk(page: string, names: Surroundings['names'] = {}): PageWalk {
  const env = { KUBECONFIG: cluster.kubeconfig, HOLDFAST_SERVER: installation.apiUrl };
  return reader.page(page, { env, names });
}

/** An application of the name that the pages have. */
function application(): string {
  const metadata = { namespace: 'shop', name: 'web', labels: { app: 'shop' } };
  const main = { name: 'main', image: 'holdfast.test/busybox:1.35', command: ['/pause'] };
  return [
    ...['holdfast', 'shop'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    })),
    {
      // As a backup with volumes would have made it.
      ...{ apiVersion: 'v1', kind: 'Secret', stringData: { key: 'ab'.repeat(32) } },
      metadata: { namespace: 'holdfast', name: 'holdfast-master-key' },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { currency: 'EUR' } },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { pin: '4711' } },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: { app: 'shop' } },
        template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [main] } },
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
}

async function run(plural: 'backups' | 'restores', name: string, spec: object): Promise<void> {
  const { status, body } = await installation.request('POST', `/${plural}`, {
    metadata: { name },
    spec,
  });
  expect(status, JSON.stringify(body)).toBe(202);
  expect((await installation.ended(plural, name)).status.phase).toBe('Completed');
}

/** What a Velero in the cluster has, and a backup of it in a bucket. */
async function leaveVelero(prefix: string): Promise<void> {
  await applyYaml(await readFile(VELERO, 'utf8'), cluster.kubeconfig);
  await kubectl(
    ...['--kubeconfig', cluster.kubeconfig, 'wait', '--for=condition=Established'],
    ...['crd/schedules.velero.io', '--timeout=60s'],
  );
  await applyYaml(JSON.stringify(DAILY), cluster.kubeconfig);
  const name = 'nightly-20261129010000';
  await run('backups', 'template', { includedNamespaces: ['shop'] });
  const store = installation.store();
  const record = await readAll(store, 'backups/template/velero-backup.json');
  const archive = await readAll(store, 'backups/template/template.tar.gz');
  store.close();
  const velero = openObjectStore({ ...place(), prefix });
  const text = record.toString().replaceAll('"template"', `"${name}"`);
  await velero.put(`backups/${name}/velero-backup.json`, Buffer.from(text));
  await velero.put(`backups/${name}/${name}.tar.gz`, archive);
  velero.close();
}

function place(): S3Location {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the installation has a bucket');
  }
  return location;
}

/** Flags for a place in the test bed's bucket, instead of those of a page. */
function flagsFor(prefix: string): string {
  const { bucket, endpoint = '' } = place();
  return `--bucket ${bucket} --prefix ${prefix} --endpoint ${endpoint}`;
}

function onCluster(...args: readonly string[]): Promise<string> {
  return kubectl('--kubeconfig', cluster.kubeconfig, ...args);
}

/** A field of an object of Holdfast's namespace. */
function field(object: string, path: string): Promise<string> {
  return onCluster('-n', 'holdfast', 'get', object, '-o', `jsonpath=${path}`);
}

/** The definitions of Holdfast's own resources. */
async function definitions(): Promise<string[]> {
  const names = await onCluster('get', 'customresourcedefinitions', '-o', 'name');
  return names.split('\n').filter((name) => name.endsWith('.holdfast.dev'));
}

test('coming from Velero', async () => {
  const prefix = `${installation.prefix}/velero`;
  await leaveVelero(prefix);
  const page = walk('docs/from-velero.md', {
    '--bucket velero-backups --prefix prod': flagsFor(prefix),
  });
  expect(await page.next()).toContain('nightly-20261129010000');
  const { body } = await installation.request<Problem>('POST', '/restores?location=velero', {
    metadata: { name: 'not-yet' },
    spec: { backupName: 'nightly-20261129010000' },
  });
  expect(body.code).toBe('backup-not-usable');
  await page.rest();
});

test('storage locations', async () => {
  await walk('docs/locations.md', {
    '--bucket backups --prefix prod': flagsFor(`${installation.prefix}/vault`),
    '/mnt/backups': join(reader.folder, 'nas'),
  }).rest();
});

test('schedules, and backups that are held', async () => {
  const page = walk('docs/schedules.md');
  await page.next();
  await run('backups', 'before-upgrade', { includedNamespaces: ['shop'], ttl: '720h' });
  await page.rest();
});

test('the REST API', async () => {
  const page = walk('docs/api.md', { 'localhost:8080': new URL(installation.apiUrl).host });
  while (page.left > 1) {
    await page.next();
  }
  await run('restores', 'first', { backupName: 'first', namespaceMapping: { shop: 'shop-copy' } });
  expect(JSON.parse(await page.next())).toMatchObject({ items: [] });
});

test('plugins', async () => {
  await walk('docs/plugins.md').rest();
  expect(await readFile(join(reader.folder, 'vault-copier/package.json'), 'utf8')).not.toBe('');
});

test('notifications', async () => {
  await walk('docs/notifications.md', {
    'https://hooks.example.com/holdfast': `http://127.0.0.1:${String(receiver.port)}/holdfast`,
  }).rest();
  expect(receiver.events.map(({ path }) => path)).toContain('/holdfast');
});

test('what is left of the quick start', async () => {
  await walk('docs/quick-start.md#what-the-cluster-keeps').rest();
  expect(await definitions()).toEqual([]);
});

test('without Helm', async () => {
  const page = walk('docs/operations.md#without-helm');
  await page.next();
  // No node is there to run them.
  expect(await field('configmap/holdfast', '{.data.TEMPORAL_ADDRESS}')).toContain('temporal-front');
  const images = '{.spec.template.spec.containers[*].image}';
  const variable = '{.spec.template.spec.containers[*].env[?(@.name=="HOLDFAST_IMAGE")].value}';
  const worker = 'deployment/holdfast-cluster-worker';
  expect(await field(worker, images)).toBe('registry.example/holdfast:0.1.0');
  expect(await field(worker, variable)).toBe('registry.example/holdfast:0.1.0');
  const key = await field('secret/holdfast-object-storage', '{.data.AWS_ACCESS_KEY_ID}');
  expect(Buffer.from(key, 'base64').toString()).toBe(process.env['AWS_ACCESS_KEY_ID']);
  expect(await definitions()).toHaveLength(3);
  await page.rest();
  expect(await definitions()).toEqual([]);
  expect(await onCluster('get', 'namespaces', '-o', 'name')).not.toContain('namespace/holdfast\n');
});
