import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { BackupResource, RestoreResource, RunVolume } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { keysUnder } from '../support/archive-items.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { holdRequests, inRepository, loseLocation } from '../support/lost-location.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: what goes wrong with a volume or its repository ends with the reason and the remedy, and no record claims a copy
// that is not there. Method: real pods, a node agent, restic and the test bed's S3 server behind a proxy that does harm.

const KUBELET_PODS = '/var/lib/kubelet/pods';
const POD = { node: AGENT_NODE } as const;
let folder: string;
let proxy: FaultProxy;
let installation: Installation;
let namespace: string;
let others: string;
let copy: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-faults-'));
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({
    ...{ hasAgent: true, s3Endpoint: proxy.url, patience: '25s' },
  });
  [namespace, others] = await Promise.all([freshNamespace('faults'), freshNamespace('faults')]);
  const random = 'dd if=/dev/urandom bs=1M count=3 2>/dev/null';
  copy = `${namespace}-copy`;
  await Promise.all([
    applyVolumePod({
      ...{ ...POD, namespace, name: 'web', claims: ['data', 'nothing'] },
      fill: `${random} > data/big; for name in one two passing; do echo $name > data/$name; done`,
    }),
    ...['back', 'gone', 'away'].map((name) =>
      applyVolumePod({
        ...{ ...POD, namespace: others, name, claims: [name] },
        fill: `${random} > ${name}/big`,
      }),
    ),
  ]);
});

afterAll(async () => {
  proxy.faults = [];
  await dropNamespaces(namespace, others, copy, installation.ownNamespace);
  await installation.stop();
  proxy.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  proxy.faults = [];
});

async function start(name: string, of: string): Promise<void> {
  const { status } = await installation.createBackup(name, [of]);
  expect(status).toBeLessThan(300);
}

async function backupStatus(name: string): Promise<BackupResource['status']> {
  return (await installation.ended('backups', name)).status;
}

async function recordsOf(name: string): Promise<Map<string, CopyRecord>> {
  const read = await readJsonGz(installation.store(), backupKeys(name).volumes);
  // The file under this key holds these.
  return new Map((read as readonly CopyRecord[]).map((record) => [volumeName(record), record]));
}

/** What the coverage report says of each claim. */
async function coverageOf(name: string): Promise<string[]> {
  const { body } = await installation.request<CoverageReport>('GET', `/backups/${name}/coverage`);
  return body.volumes.items
    .filter(({ claim }) => claim !== undefined)
    .map(({ claim = '', reason, copy }) => `${claim}: ${reason ?? copy?.outcome ?? ''}`)
    .sort();
}

/** Keys of the repository of a namespace. */
async function repositoryKeys(of: string, folder = ''): Promise<string[]> {
  const keys = await keysUnder(installation.store(), 'restic/v1/');
  return keys.filter((key) => key.includes(`/${of}/${folder}`)).sort();
}

async function itemsOf(plural: 'backups' | 'restores', name: string): Promise<RunVolume[]> {
  const { items = [] } = (await installation.look(plural, name))?.status.volumes ?? {};
  return [...items];
}

const inPod = (script: string, of = namespace): Promise<string> =>
  kubectl('-n', of, 'exec', 'web', '--', 'sh', '-c', `cd /volumes; ${script}`);

test('a bucket that is away during a copy is waited for, in sight, and the copy is made once', async () => {
  const request = { method: 'PUT', matches: inRepository(namespace, 'data') };
  const end = await loseLocation(proxy, request, () => start('outage', namespace));
  const name = `${namespace}/data`;
  const waitOf = async () =>
    (await itemsOf('backups', 'outage')).find((item) => item.name === name)?.waitingFor;
  await expect.poll(waitOf).toMatchObject({
    reason: 'the storage location fails or does not answer',
    since: expect.stringMatching(/Z$/) as string,
    deadline: expect.stringMatching(/Z$/) as string,
  });
  end();
  expect(await backupStatus('outage')).toMatchObject({ phase: 'Completed', errors: 0 });
  expect(await coverageOf('outage')).toEqual(['data: Complete', 'nothing: Empty']);
  expect(await repositoryKeys(namespace, 'snapshots/')).toHaveLength(1);
  expect(await repositoryKeys(namespace, 'locks/')).toEqual([]);
});

test('a file that vanishes while its volume is copied is no error, and the copy has the others', async () => {
  const held = holdRequests(proxy, { matches: inRepository(namespace, 'locks') });
  await start('vanishing', namespace);
  // Our own walk has been through, and restic has not begun to read.
  await held.arrived();
  await inPod('rm data/passing');
  held.goOn();
  expect(await backupStatus('vanishing')).toMatchObject({ phase: 'Completed', errors: 0 });
  const record = (await recordsOf('vanishing')).get(`${namespace}/data`);
  expect(record).toMatchObject({
    copy: { outcome: 'Complete', snapshot: { files: 3 }, parent: { files: 4 } },
    proof: { level: 'ReadBack', counts: 'Live', walkedFiles: 3 },
  });
});

test('a full repository fails the copy and says so, and the next backup finds room', async () => {
  await inPod('dd if=/dev/urandom of=data/more bs=1M count=1 2>/dev/null');
  proxy.faults = [{ method: 'PUT', matches: inRepository(namespace, 'data'), effect: 'full' }];
  await start('full', namespace);
  const { phase, problems } = await backupStatus('full');
  expect(phase).toBe('PartiallyFailed');
  expect(problems?.errors).toEqual([
    {
      code: 'quota-exceeded',
      message: `the volume ${namespace}/data was not copied: the location of the repository, or the cache folder of the node, has no room left; make room there`,
      subject: `volume ${namespace}/data`,
    },
  ]);
  expect(await coverageOf('full')).toEqual(['data: copy-failed', 'nothing: Empty']);
  expect([...(await recordsOf('full')).keys()]).toEqual([`${namespace}/nothing`]);

  proxy.faults = [];
  await start('room', namespace);
  expect(await backupStatus('room')).toMatchObject({ phase: 'Completed', errors: 0 });
  expect(await coverageOf('room')).toEqual(['data: Complete', 'nothing: Empty']);
});

async function loseKey(): Promise<void> {
  await kubectl('-n', installation.ownNamespace, 'delete', 'secret', 'holdfast-master-key');
}

async function keys(verb: 'export' | 'import', file: string): Promise<void> {
  const command = startHoldfast(['keys', verb, '-n', installation.ownNamespace, file]);
  expect(await command.status, command.stderr).toBe(0);
}

test('with another master key nothing is copied and nothing is written over', async () => {
  const file = join(folder, 'master-key');
  await keys('export', `--output-file=${file}`);
  const before = await repositoryKeys(namespace);
  await loseKey();
  await start('keyless', namespace);
  const keyless = await backupStatus('keyless');
  // No other key is made, which would open none of the repositories that are there.
  expect([keyless.phase, keyless.problems?.errors.map(({ code }) => code)]).toEqual([
    'PartiallyFailed',
    ['master-key-missing', 'master-key-missing'],
  ]);
  const another = join(folder, 'another-key');
  await writeFile(another, randomBytes(32).toString('hex'));
  await keys('import', another);
  await start('foreign', namespace);
  const { phase, problems } = await backupStatus('foreign');
  expect(phase).toBe('PartiallyFailed');
  expect(problems?.errors).toHaveLength(2);
  expect(problems?.errors).toContainEqual({
    code: 'repository-password',
    message: `the volume ${namespace}/data was not copied: the repository has another password: the master key of this installation is not the one that it was made with; put that one back`,
    subject: `volume ${namespace}/data`,
  });
  expect(await coverageOf('foreign')).toEqual(['data: copy-failed', 'nothing: copy-failed']);
  expect((await recordsOf('foreign')).size).toBe(0);
  expect(await repositoryKeys(namespace)).toEqual(before);

  const elsewhere = { backupName: 'room', namespaceMapping: { [namespace]: copy } };
  await installation.createRestore('foreign', elsewhere);
  // What is listed under restores is one.
  const { status } = (await installation.ended('restores', 'foreign')) as RestoreResource;
  expect(status).toMatchObject({ phase: 'PartiallyFailed', volumes: { done: 1, failed: 1 } });
  expect(status.failedVolumes).toEqual([
    {
      code: 'repository-password',
      message: expect.stringMatching(
        /: the repository has another .* put that one back$/,
      ) as string,
      subject: `volume ${copy}/data`,
    },
  ]);
  await loseKey();
  await keys('import', file);

  // The claim is there since, and marked as one without its data.
  await installation.createRestore('again', elsewhere);
  const again = (await installation.ended('restores', 'again')).status;
  expect(again).toMatchObject({ phase: 'Completed', volumes: { done: 1, failed: 0 } });
  await kubectl('-n', copy, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await inPod('sha256sum data/big', copy)).toBe(await inPod('sha256sum data/big'));
  await installation.createRestore('once-more', elsewhere);
  const last = (await installation.ended('restores', 'once-more')).status;
  expect(last).toMatchObject({ phase: 'Completed', volumes: { done: 0, failed: 0 } });
});

test('a bucket that is away during a restore is waited for, and an empty volume comes back empty', async () => {
  const tree = 'find . | sort; find . -type f | sort | xargs sha256sum';
  const before = await inPod(tree);
  await deleteNamespace(namespace);
  const request = { method: 'GET', matches: inRepository(namespace, 'data') };
  const end = await loseLocation(proxy, request, () =>
    installation.createRestore('outage', { backupName: 'room' }),
  );
  const waits = async () =>
    (await itemsOf('restores', 'outage')).map(({ waitingFor }) => waitingFor?.reason);
  await expect.poll(waits).toContain('the storage location fails or does not answer');
  end();
  const { status } = await installation.ended('restores', 'outage');
  expect(status).toMatchObject({ phase: 'Completed', errors: 0, volumes: { done: 2, failed: 0 } });
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  expect(await inPod(tree)).toBe(before);
  const claim = ['get', 'pvc', 'nothing', '-o', 'jsonpath={.status.phase}'];
  expect(await kubectl('-n', namespace, ...claim)).toBe('Bound');
});

/** The folder in which the node has the volume of a pod, and where its data lies. */
async function mountOf(pod: string): Promise<{ folder: string; source: string }> {
  const get = (...what: string[]): Promise<string> => kubectl('-n', others, 'get', ...what);
  const uid = await get('pod', pod, '-o', 'jsonpath={.metadata.uid}');
  const volume = await get('pvc', pod, '-o', 'jsonpath={.spec.volumeName}');
  const source = await get('pv', volume, '-o', 'jsonpath={.spec.local.path}');
  const volumes = join(KUBELET_PODS, uid, 'volumes');
  const plugin = readdirSync(volumes).find((one) =>
    readdirSync(join(volumes, one)).includes(volume),
  );
  return { folder: join(volumes, plugin ?? '', volume), source };
}

test('a volume that is not mounted, or no longer, is taken neither for an empty nor for a copied one', async () => {
  const [away, back] = await Promise.all([mountOf('away'), mountOf('back')]);
  execFileSync('umount', ['--lazy', away.folder]);
  const request = { method: 'PUT', matches: inRepository(others, 'data') };
  const held = holdRequests(proxy, request);
  await start('moved', others);
  const copying = async () =>
    (await itemsOf('backups', 'moved'))
      .filter(({ phase }) => phase === 'Copying')
      .map(({ name }) => name.slice(others.length + 1))
      .sort();
  await expect.poll(copying).toEqual(['back', 'gone']);
  execFileSync('umount', ['--lazy', back.folder]);
  await kubectl('-n', others, 'delete', 'pod', 'gone', '--wait=false');
  held.goOn();
  // The copy of the volume that was unmounted has been saved, and is void.
  const snapshots = () => repositoryKeys(others, 'snapshots/');
  await expect.poll(snapshots).not.toEqual([]);
  execFileSync('mount', ['--bind', back.source, back.folder]);

  const { phase, problems } = await backupStatus('moved');
  expect(phase).toBe('PartiallyFailed');
  expect(problems?.errors).toEqual([
    {
      code: 'volume-not-mounted',
      message: `the volume ${others}/away was not copied: nothing is mounted at the kubelet's folder of the volume ${others}/away, and what is in the folder is not the volume; start its pod anew`,
      subject: `volume ${others}/away`,
    },
  ]);
  expect(await coverageOf('moved')).toEqual([
    ...['away: copy-failed', 'back: Complete', 'gone: Complete'],
  ]);
  const records = await recordsOf('moved');
  expect([...records.keys()].sort()).toEqual([`${others}/back`, `${others}/gone`]);
  const again = records.get(`${others}/back`);
  expect(again).toMatchObject({ readThrough: 'back', copy: { snapshot: { files: 1 } } });
  const gone = records.get(`${others}/gone`);
  expect(gone).toMatchObject({ copy: { snapshot: { files: 1 } } });
  expect(gone?.readThrough).toMatch(/^holdfast-mount-/);
});
