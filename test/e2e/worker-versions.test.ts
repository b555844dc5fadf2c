import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { ServerStatus } from '../../domain/server-status.ts';
import { workerVersionOf } from '../../worker/worker-version.ts';
import { changedBundle } from '../support/changed-bundle.ts';
import { type ClusterWorker, startWorker } from '../support/cluster-worker.ts';
import { DocumentationReader } from '../support/docs/page-walk.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';
import { WorkerVersions } from '../support/worker-versions.ts';

// Goal: an upgrade of workers with versions leaves each run where it began, though the new workflows cannot go on with it, and
// keeps the old workers no longer than that. Method: two builds of the workflows, of which the second has one
// more step in a backup, and backups that are held in a hook while workers come and go.

const DEPLOYMENT = 'holdfast';
const WAIT_FOR_FILE = 'while [ ! -e /tmp/go ]; do sleep 0.2; done';

let installation: Installation;
let namespace: string;
let folder: string;
let versions: WorkerVersions;
const workers: ClusterWorker[] = [];
let [firstBuild, secondBuild] = ['', ''];
let secondBundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-versions-'));
  secondBundle = join(folder, 'second.js');
  [installation, namespace] = await Promise.all([
    // Its own worker has no version.
    Installation.start({ hasAgent: true, temporal: { drainSeconds: 1 } }),
    freshNamespace('versions'),
    writeSecondBundle(),
  ]);
  firstBuild = buildOf(process.env['HOLDFAST_WORKFLOW_BUNDLE'] ?? '');
  secondBuild = buildOf(secondBundle);
  versions = await WorkerVersions.open(installation, DEPLOYMENT);
  await applyVolumePod({
    ...{
      namespace,
      name: 'web',
      node: AGENT_NODE,
      claims: ['data'],
      fill: 'echo kept > data/file',
    },
    annotations: {
      'pre.hook.backup.velero.io/container': 'main',
      'pre.hook.backup.velero.io/timeout': '4m',
      'pre.hook.backup.velero.io/command': JSON.stringify(['sh', '-c', WAIT_FOR_FILE]),
    },
  });
});

afterAll(async () => {
  await versions.close();
  await Promise.all(workers.map((worker) => worker.stop()));
  await installation.stop();
  await dropNamespaces(namespace);
  await rm(folder, { recursive: true });
});

async function startVersion(bundle: NodeJS.ProcessEnv = {}): Promise<void> {
  const env = { HOLDFAST_WORKER_DEPLOYMENT: DEPLOYMENT, ...bundle };
  workers.push(await startWorker(installation, 'workflows', env));
}

async function writeSecondBundle(): Promise<void> {
  const line = 'const ending = await attempt(() => writeBackup';
  const { code } = await changedBundle({
    path: 'workflows/backup.ts',
    from: line,
    to: `await new Promise((resolve) => setTimeout(resolve, 1)); ${line}`,
  });
  await writeFile(secondBundle, code);
}

function buildOf(bundle: string): string {
  return workerVersionOf(DEPLOYMENT, bundle).buildId;
}

/** Begins a backup, and waits until its hook holds it. */
async function beginBackup(name: string, more: object = {}): Promise<void> {
  await onPod('rm', '-f', '/tmp/go');
  const { status } = await installation.createBackup(name, [namespace], more);
  expect(status).toBe(202);
  await expect.poll(() => onPod('ps'), { timeout: 60_000 }).toContain('/tmp/go');
}

async function endBackup(name: string): Promise<void> {
  await onPod('touch', '/tmp/go');
  const { phase, failure } = (await installation.ended('backups', name)).status;
  expect(failure).toBeUndefined();
  expect(phase).toBe('Completed');
}

function onPod(...command: string[]): Promise<string> {
  return kubectl('-n', namespace, 'exec', 'web', '--', ...command);
}

function versionsOf(name: string): Promise<string[]> {
  return versions.versionsOf(`backup/default/${name}`);
}

test('runs from before workers had versions go on when they get some', async () => {
  // Its hook alone: the keeper of the repository is to begin on a version.
  await beginBackup('before', { snapshotVolumes: false, defaultVolumesToFsBackup: false });
  await startVersion();
  await expect.poll(() => versions.current()).toBe(firstBuild);
  await endBackup('before');
  expect(await versionsOf('before')).toEqual(['none', firstBuild]);
});

test('a run ends on the version on which it began, and the next one begins on the new one', async () => {
  await beginBackup('old');
  await startVersion({ HOLDFAST_WORKFLOW_BUNDLE: secondBundle });
  await expect.poll(() => versions.current()).toBe(secondBuild);
  expect(await versions.drainage(firstBuild)).toBe('VERSION_DRAINAGE_STATUS_DRAINING');
  await endBackup('old');
  expect(await versionsOf('old')).toEqual([firstBuild]);

  await beginBackup('new');
  await endBackup('new');
  expect(await versionsOf('new')).toEqual([secondBuild]);
});

test('the keeper of a repository, which ends with none of them, moves on, so that the old version has no run left', async () => {
  const [keeper = ''] = await versions.idsOf('repository');
  expect(await versions.versionsOf(keeper)).toEqual([firstBuild, secondBuild]);
  await expect
    .poll(() => versions.drainage(firstBuild), { timeout: 120_000 })
    .toBe('VERSION_DRAINAGE_STATUS_DRAINED');
});

test('the API sees workers of all versions', async () => {
  const { body } = await installation.request<ServerStatus>('GET', '/status');
  expect(body.taskQueues.find(({ role }) => role === 'workflows')).toMatchObject({ workers: 3 });
});

test('a version that is left without workers does not keep new runs from the others', async () => {
  await workers.at(-1)?.stop();
  await expect
    .poll(() => versions.current(), { timeout: 200_000, interval: 1000 })
    .toBe(firstBuild);
});

test('a version that only ends its own runs takes no new ones', async () => {
  await startVersion({
    HOLDFAST_WORKFLOW_BUNDLE: secondBundle,
    HOLDFAST_TAKES_NEW_RUNS: 'false',
  });
  await beginBackup('after');
  await endBackup('after');
  expect(await versionsOf('after')).toEqual([firstBuild]);
  expect(await versions.current()).toBe(firstBuild);
});

test('a run whose version has no workers goes on when it is moved as the documentation says', async () => {
  const [old, other] = [await versions.current(), join(folder, 'other.js')];
  await beginBackup('moved');
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  // It does the same, so that it can go on with what others have begun.
  const code = await readFile(process.env['HOLDFAST_WORKFLOW_BUNDLE'] ?? '', 'utf8');
  await writeFile(other, `// Another version.\n${code}`);
  await startVersion({ HOLDFAST_WORKFLOW_BUNDLE: other });
  await expect.poll(() => versions.current(), { timeout: 200_000 }).toBe(buildOf(other));
  const reader = await DocumentationReader.start();
  await reader
    .page('docs/operations.md#moving-a-run-to-the-current-version', {
      env: { TEMPORAL_ADDRESS: installation.temporalAddress },
      names: { 'default/NAME': 'default/moved' },
    })
    .rest();
  await reader.stop();
  await endBackup('moved');
  expect(await versionsOf('moved')).toEqual([old, buildOf(other)]);
});
