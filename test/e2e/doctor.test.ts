import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { DoctorCheck, DiagnosisResource } from '../../domain/diagnosis/checks.ts';
import type { ServerStatus } from '../../domain/server-status.ts';
import { accountKubeconfig, type AccountKubeconfig } from '../support/account-kubeconfig.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: each thing that is wrong with an installation fails its own line of `doctor`, and no other. Method: an
// installation whose worker has an account that lacks rights is built up part by part; what is not there yet is told.

let installation: Installation;
let namespace: string;
let account: AccountKubeconfig;

beforeAll(async () => {
  namespace = await freshNamespace('doctor');
  await kubectl('create', 'serviceaccount', 'weak', '-n', namespace);
  account = await accountKubeconfig('weak', namespace);
  installation = await Installation.start({
    parts: ['temporal'],
    kubeconfig: account.kubeconfig,
  });
  const volumes = { namespace, node: AGENT_NODE, name: 'web', claims: ['data'] };
  await Promise.all([
    installation.startPart('api'),
    applyVolumePod(volumes),
    grant('a', ['get', 'list', 'create', 'patch']),
  ]);
});

afterAll(async () => {
  await installation.stop();
  await account.remove();
  await Promise.all(
    ['a', 'b'].map((name) =>
      kubectl('delete', 'clusterrole,clusterrolebinding', roleOf(name), '--ignore-not-found'),
    ),
  );
  await dropNamespaces(namespace);
});

const roleOf = (name: string): string => `${namespace}-${name}`;

/** Gives the worker's account rights to objects of every type. */
async function grant(name: string, verbs: readonly string[]): Promise<void> {
  const [kind, metadata] = ['ClusterRole', { name: roleOf(name) }];
  const apiGroup = 'rbac.authorization.k8s.io';
  for (const object of [
    { kind, metadata, rules: [{ apiGroups: ['*'], resources: ['*'], verbs }] },
    {
      ...{ kind: 'ClusterRoleBinding', metadata, roleRef: { apiGroup, kind, name: roleOf(name) } },
      subjects: [{ kind: 'ServiceAccount', name: 'weak', namespace }],
    },
  ]) {
    await applyYaml(JSON.stringify({ apiVersion: `${apiGroup}/v1`, ...object }));
  }
}

async function doctor(): Promise<{ diagnosis: DiagnosisResource; status: number | null }> {
  const run = startHoldfast(['doctor', '--server', installation.apiUrl, '-o', 'json']);
  const status = await run.status;
  // The command prints what the API answers.
  return { diagnosis: JSON.parse(run.stdout) as DiagnosisResource, status };
}

function wrong({ checks }: DiagnosisResource): string[] {
  return checks.filter(({ result }) => result !== 'Ok').map(lineOf);
}

function lineOf({ name, subject, result }: DoctorCheck): string {
  return [name, subject, result].filter((word) => word !== undefined).join(' ');
}

test('without a worker, the lines of the workers fail and the others do not', async () => {
  const { diagnosis, status } = await doctor();
  expect(wrong(diagnosis)).toEqual(['WorkflowWorkers Failed', 'ClusterWorkers Failed']);
  expect(diagnosis.checks.map(lineOf)).toContain('Location default Ok');
  expect(status).toBe(4);
});

test('a worker that lacks a right and a node without an agent are told, and heal', async () => {
  await installation.startPart('worker');
  const weak = (await doctor()).diagnosis;
  expect(weak.checks.find(({ name }) => name === 'Permissions')).toMatchObject({
    result: 'Failed',
    message: expect.stringMatching(/may not delete .*more$/) as string,
  });
  expect(wrong(weak)).toContain(`NodeAgent ${AGENT_NODE} Warning`);
  expect(wrong(weak)).not.toContain('ClusterWorkers Failed');

  await Promise.all([installation.startPart('agent'), grant('b', ['delete', 'bind', 'escalate'])]);
  const { diagnosis, status } = await doctor();
  const healed = diagnosis.checks.map(lineOf);
  expect(healed).toEqual(
    expect.arrayContaining([
      'Permissions Ok',
      `NodeAgent ${AGENT_NODE} Ok`,
      'Engine cluster worker Ok',
      'LocationFromWorker default Ok',
    ]),
  );
  // Other nodes of the test bed may have pods with volumes, and no agent of this installation.
  expect(wrong(diagnosis).filter((line) => !/^NodeAgent .* Warning$/.test(line))).toEqual([]);
  expect([0, 3]).toContain(status);
});

test('a location with a bucket that is not there fails its lines alone', async () => {
  const location = { ...installation.location('direct'), name: undefined };
  const spec = { ...location, bucket: 'no-such-bucket-here' };
  const made = await installation.request('POST', '/storage-locations?check=false', {
    ...{ metadata: { name: 'wrong' }, spec },
  });
  expect(made.status).toBe(201);
  const { diagnosis, status } = await doctor();
  const failed = diagnosis.checks.filter(({ result }) => result === 'Failed').map(lineOf);
  expect(failed).toContain('Location wrong Failed');
  expect(failed.every((line) => line.includes(' wrong '))).toBe(true);
  expect(status).toBe(4);
  const { body } = await installation.request<ServerStatus>('GET', '/status');
  expect(body.locations).toContainEqual(
    expect.objectContaining({ name: 'wrong', isReachable: false }),
  );
  expect(body.taskQueues.map(({ role, cluster }) => [role, cluster])).toContainEqual([
    ...['cluster', installation.name],
  ]);
});

test('the bundle has what is wrong and what a run did, and no secret that was planted', async () => {
  const planted = `hush-${installation.name}`;
  const hook = { container: 'web', command: ['sh', '-c', `echo ${planted}`] };
  await kubectl(
    'create',
    'secret',
    'generic',
    'keys',
    `--from-literal=key=${planted}`,
    '-n',
    namespace,
  );
  const spec = { ...installation.location('direct'), name: undefined, prefix: 'tests/none' };
  const made = await installation.request('POST', '/storage-locations?check=false', {
    metadata: { name: 'planted' },
    spec: { ...spec, endpoint: `http://me:${planted}@127.0.0.1:9` },
  });
  expect(made).toMatchObject({ status: 201 });
  await installation.createBackup('told', [namespace], {
    hooks: { resources: [{ name: 'echo', pre: [{ exec: hook }] }] },
  });
  await installation.ended('backups', 'told');
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bundle-'));
  const file = join(folder, 'bundle.tar.gz');
  const cluster = ['--cluster', installation.name, '--backup', 'told'];
  const run = startHoldfast(['debug', '--server', installation.apiUrl, ...cluster, '-o', file]);
  expect(await run.status, run.stderr).toBe(0);
  const text = gunzipSync(await readFile(file)).toString();
  await rm(folder, { recursive: true });
  for (const name of ['status', 'doctor', 'locations', 'schedules', 'backups', 'failed-backups']) {
    expect(text).toContain(`holdfast-debug/${name}.json`);
  }
  expect(text).toContain('"name": "planted"');
  // The log is there, but for what the hook has written.
  expect(text).toContain('"message": "Backup started"');
  expect(text).toContain('"message": "left out: ask the API for the log of the run"');
  expect(text).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
  expect(text).toContain('openBackup');
  expect(text).not.toContain(planted);
});

test('an API that does not answer is a line too, and an exit status of its own', async () => {
  const run = startHoldfast(['doctor', '--server', 'http://me:hush@127.0.0.1:9']);
  expect(await run.status).toBe(1);
  expect(run.stdout).toMatch(/^failed +Api: the API at http:\/\/127\.0\.0\.1:9/);
});
