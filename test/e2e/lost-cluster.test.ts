import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type {
  BackupResource,
  ResourceList,
  RunResource,
  ScheduleResource,
} from '../../domain/api-resource.ts';
import type { StorageLocationResourceList } from '../../domain/locations/api-location.ts';
import type { S3Location } from '../../domain/storage-location.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { DocumentationReader, type PageWalk } from '../support/docs/page-walk.ts';
import { EmptyCluster, WITH_NODE } from '../support/empty-cluster.ts';
import { Ends } from '../support/ends.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: when etcd, the volumes and Temporal are lost, the bucket and the exported key give everything back on another
// cluster. Method: control planes with a node of their own, one after the other, each with a Holdfast of its own; of the
// first nothing is left when the second begins, and what the runbook says is done there.

const NAMESPACE = 'shop';
/** Files of several sizes, a link, an empty folder, and modes. */
const FILL = [
  'mkdir -p many/deep/er empty; for i in $(seq 200); do echo $i > many/$i; done',
  'dd if=/dev/urandom of=many/deep/er/big bs=1M count=8 2>/dev/null; ln -s many/7 link; chmod 640 many/1',
].join('; ');
/** What tells one tree from another. */
const DIGEST =
  'cd /data; { find . -type f | sort | xargs sha256sum; find . | sort | xargs stat -c "%n %a %u %F"; readlink link; } | sha256sum';

let folder: string;
/** Of the cluster that there is now, and of Holdfast beside it. */
let ends = new Ends();
let cluster: EmptyCluster;
let installation: Installation;
let reader: DocumentationReader;
/** What the runbook says to do. */
let page: PageWalk;
/** Of the first installation. */
let lost: { prefix: string; name: string; digest: string; clusterUid: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-lost-'));
  reader = await DocumentationReader.start();
});

afterAll(async () => {
  ends.add(() => reader.stop());
  ends.add(() => rm(folder, { recursive: true }));
  await ends.run();
});

async function start(prefix?: string): Promise<void> {
  // A test that has failed leaves its cluster, for which this one would wait.
  await ends.run();
  cluster = await EmptyCluster.start({ hasNode: true });
  ends.add(() => cluster.stop());
  installation = await Installation.start({
    ...{ kubeconfig: cluster.kubeconfig, hasAgent: true, agentNode: await cluster.node() },
    ...(prefix === undefined ? {} : { prefix, hasNoLocation: true }),
  });
  ends.add(() => installation.stop());
}

function kube(...args: string[]): Promise<string> {
  return kubectl('--kubeconfig', cluster.kubeconfig, ...args);
}

async function holdfast(...args: string[]) {
  const env = { KUBECONFIG: cluster.kubeconfig, HOLDFAST_SERVER: installation.apiUrl };
  const command = startHoldfast(args, env);
  return { status: await command.status, stdout: command.stdout, stderr: command.stderr };
}

function own(): string[] {
  return ['--namespace', installation.ownNamespace];
}

async function digest(): Promise<string> {
  return kube('-n', NAMESPACE, 'exec', 'deployment/till', '--', 'sh', '-c', DIGEST);
}

async function backups(): Promise<readonly BackupResource[]> {
  const { body } = await installation.request<ResourceList<BackupResource>>('GET', '/backups');
  return body.items;
}

async function schedule(): Promise<ScheduleResource> {
  return (await installation.request<ScheduleResource>('GET', '/schedules/nightly')).body;
}

/** Waits for the backup that the schedule makes when it is triggered. */
async function newBackup(trigger: () => Promise<unknown>): Promise<BackupResource> {
  const before = (await backups()).map(({ metadata }) => metadata.name);
  await trigger();
  const fresh = async (): Promise<BackupResource | undefined> =>
    (await backups()).find(({ metadata }) => !before.includes(metadata.name));
  await expect.poll(async () => (await fresh())?.metadata.name).toMatch(/^nightly-/);
  return (await installation.ended(
    'backups',
    (await fresh())?.metadata.name ?? '',
  )) as BackupResource;
}

/** An application with a volume, which is filled only where it is empty and asked for. */
function application(): string {
  const metadata = { namespace: NAMESPACE, name: 'till' };
  const labels = { app: 'till' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { currency: 'EUR' } },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { pin: '4711' } },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata },
      spec: {
        ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'standard' },
        resources: { requests: { storage: '1Gi' } },
      },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'till' } }],
            containers: [
              {
                ...{ name: 'main', image: 'holdfast.test/busybox:1.35', command: ['/pause'] },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
}

async function rolledOut(): Promise<void> {
  await kube('-n', NAMESPACE, 'rollout', 'status', 'deployment/till', '--timeout=120s');
}

test('a schedule backs up an application with data, then all is lost', WITH_NODE, async () => {
  await start();
  await applyYaml(application(), cluster.kubeconfig);
  await rolledOut();
  await kube('-n', NAMESPACE, 'exec', 'deployment/till', '--', 'sh', '-c', `cd /data; ${FILL}`);
  const { name, prefix } = installation;
  const template = { cluster: name, includedNamespaces: [NAMESPACE] };
  await installation.request('POST', '/schedules', {
    metadata: { name: 'nightly' },
    spec: { schedule: '0 3 * * *', template, retention: { keepLast: 1 } },
  });
  const { status } = await newBackup(() =>
    installation.request('POST', '/schedules/nightly:trigger', {}),
  );
  expect(status).toMatchObject({ phase: 'Completed', volumes: { done: 1, failed: 0 } });
  expect((await holdfast('keys', 'export', ...own(), '-o', join(folder, 'key'))).status).toBe(0);
  lost = { name, prefix, digest: await digest(), clusterUid: await clusterUid() };
  await installation.lose();
  await cluster.stop();
  ends = new Ends();
});

function clusterUid(): Promise<string> {
  return kube('get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');
}

test('a new cluster with a new Temporal knows of nothing', WITH_NODE, async () => {
  await start(lost.prefix);
  expect(await clusterUid()).not.toBe(lost.clusterUid);
  expect(await kube('get', 'namespaces', '-o', 'name')).not.toContain(NAMESPACE);
  const { body } = await installation.request<StorageLocationResourceList>(
    'GET',
    '/storage-locations',
  );
  expect(body.items).toEqual([]);
  expect((await installation.request('GET', '/schedules/nightly')).status).toBe(404);
});

async function recover(...args: string[]) {
  const { bucket, prefix, endpoint = '' } = place();
  const flags = ['recover', '--bucket', bucket, '--prefix', prefix, '--endpoint', endpoint];
  return holdfast(...flags, ...own(), '--cluster', installation.name, ...args);
}

function pageFor(backup: string): PageWalk {
  const { bucket, prefix, endpoint = '' } = place();
  return reader.page('docs/lost-cluster.md', {
    env: {
      KUBECONFIG: cluster.kubeconfig,
      HOLDFAST_SERVER: installation.apiUrl,
      HOLDFAST_NAMESPACE: installation.ownNamespace,
    },
    names: {
      '--bucket backups --prefix prod': `--bucket ${bucket} --prefix ${prefix}`,
      'https://s3.example': endpoint,
      'master-key': join(folder, 'key'),
      '--cluster prod': `--cluster ${installation.name}`,
      'nightly-20261129010000': backup,
    },
  });
}

function place(): S3Location {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the installation has a bucket');
  }
  return location;
}

test('without the key, or with another one, nothing is changed', async () => {
  const other = join(folder, 'other');
  await writeFile(other, 'ab'.repeat(32));
  const [elsewhere, missing, wrong] = [
    await recover('--prefix', `${place().prefix}-nowhere`),
    await recover(),
    await recover('--key-file', other),
  ];
  expect(elsewhere).toMatchObject({ status: 1, stdout: '' });
  expect(elsewhere.stderr).toContain('has no backups that Holdfast made');
  expect(missing).toMatchObject({ status: 5, stdout: '' });
  expect(missing.stderr).toContain('name the file that was exported with --key-file');
  expect(wrong).toMatchObject({ status: 6, stdout: '' });
  expect(wrong.stderr).toContain(`is not that of the cluster ${lost.name}`);
  expect((await schedule()).status.phase).toBe('Missing');
  expect((await backups()).map(({ status }) => status.phase)).toEqual(['Completed']);
  expect(await kube('get', 'secrets', '-A', '-o', 'name')).not.toContain('holdfast-master-key');
});

test('one command puts the key in place and brings the schedules back, and may come twice', async () => {
  const [{ metadata } = { metadata: { name: '' } }] = await backups();
  page = pageFor(metadata.name);
  expect((await page.next()).split('\n')).toEqual([
    'Location:    default is Available',
    `Cluster:     ${lost.name}: 1 backups`,
    expect.stringMatching(`^Newest: +${metadata.name}, Completed, of `),
    'Volumes:     data in 1 repositories, one for each namespace',
    'Master key:  in place now; it opens what was copied',
    'Schedules:   1',
    `  nightly   Paused   ${installation.name}   came back`,
    'Next:',
    `  holdfast restore create --from-backup ${metadata.name} --cluster ${installation.name} --wait`,
    '  holdfast schedule unpause nightly   # when all is there again',
    '',
  ]);
  const { spec, status } = await schedule();
  expect(status).toMatchObject({ phase: 'Paused' });
  expect(spec).toMatchObject({
    ...{ schedule: '0 3 * * *', note: expect.stringMatching(/^recovered/) as string },
    ...{ template: { cluster: installation.name }, retention: { keepLast: 1 } },
  });
  const { status: again, stdout } = await recover();
  expect(again).toBe(0);
  expect(stdout).toContain('in place before');
  expect(stdout).toContain('was there');
});

test('a restore brings back objects and data', async () => {
  await page.next();
  const { body } = await installation.request<ResourceList<RunResource>>('GET', '/restores');
  expect(body.items.map(({ status }) => status)).toMatchObject([
    { phase: 'Completed', volumes: { done: 1, failed: 0 } },
  ]);
  await rolledOut();
  expect(await digest()).toBe(lost.digest);
  const values = '{.items[*].data}';
  const read = await kube(
    '-n',
    NAMESPACE,
    'get',
    'configmap,secret',
    'till',
    '-o',
    `jsonpath=${values}`,
  );
  expect(read).toBe(`{"currency":"EUR"} {"pin":"${Buffer.from('4711').toString('base64')}"}`);
});

test('the schedule goes on with backups of the new cluster', async () => {
  const { spec, status } = await newBackup(() => page.next());
  expect((await schedule()).status.phase).toBe('Enabled');
  expect(spec.cluster).toBe(installation.name);
  expect(status).toMatchObject({ phase: 'Completed', volumes: { done: 1, failed: 0 } });
  // The backup of the lost cluster is none of those that the schedule keeps or removes.
  expect(await backups()).toHaveLength(2);
});
