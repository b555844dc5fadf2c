import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';

import { isRunning, markOf } from '../../cli/dev/process-mark.ts';
import { freePort } from '../support/free-port.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: the test bed repairs what has died and leaves all else alone, and builds nothing that the user brings.
// Method: the scripts as they are. Only parts that other tests miss for a few seconds are killed; a part of the
// user's is one that the environment names. Where the cluster is the user's, the bed has less to show.

const SCRIPT = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const PROMISED = [
  ...['KUBECONFIG', 'TEMPORAL_ADDRESS', 'S3_ENDPOINT', 'S3_BUCKET'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ...['HOLDFAST_RESTIC', 'HOLDFAST_POD_TEMPORAL_ADDRESS'],
];
/** Parts that the tests of others do not miss for a few seconds. */
const VICTIMS = ['kube-scheduler', 'kube-proxy', 'coredns', 'provisioner', 'temporal-relay'];
/** What Linux says of a link address that was given to an interface, and that it did not choose by itself. */
const GIVEN_ADDRESS = '3\n';
const run = promisify(execFile);

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function testbed(command: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  try {
    const ended = await run(SCRIPT, [command], { env: { ...process.env, ...env } });
    return { status: 0, ...ended };
  } catch (error) {
    // A command that fails throws its exit status and what it wrote.
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

/** Pids of the parts that run, by part, as `status` tells them. */
async function pidsOfParts(): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await testbed('status');
  const lines = [...stdout.matchAll(/^(\S+) +running, pid (\d+)$/gm)];
  return new Map(lines.map(([, part = '', pid]) => [part, Number(pid)]));
}

test('env prints each promised variable, and a shell that evaluates it has kubectl', async () => {
  const names = PROMISED.map((name) => `"$${name}"`).join(' ');
  const script = `eval "$("$0" env)" && printf '%s\\n' ${names} && command -v kubectl`;
  // From an environment that names nothing, as a new shell has.
  const { stdout } = await run('bash', ['-euc', script, SCRIPT], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const values = stdout.trimEnd().split('\n');
  expect(values).toHaveLength(PROMISED.length + 1);
  expect(values).not.toContain('');
});

test('the address of Temporal that pods are given leads to the same server', async () => {
  const addresses = [process.env['HOLDFAST_POD_TEMPORAL_ADDRESS'], process.env['TEMPORAL_ADDRESS']];
  const ids = [];
  for (const address of addresses) {
    const connection = await Connection.connect({ address: address ?? 'none' });
    ids.push((await connection.workflowService.getClusterInfo({})).clusterId);
    await connection.close();
  }
  expect(ids[0]).toBe(ids[1]);
});

test('a pod finds a service by its name', async () => {
  const namespace = await freshNamespace('names');
  await applyVolumePod({ namespace, name: 'asker', node: 'node-b', emptyDirs: ['none'] });
  const address = await kubectl('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
  const ask = ['nslookup', 'kubernetes.default.svc.cluster.local'];
  try {
    const answer = await kubectl('-n', namespace, 'exec', 'asker', '--', ...ask);
    expect(answer.split('\n')).toContain(`Address: ${address}`);
  } finally {
    await deleteNamespace(namespace);
  }
});

test('the link address of a node stays as it is while pods come and go', async () => {
  const folder = process.env['HOLDFAST_TESTBED_DIR'] ?? '/var/lib/holdfast-testbed';
  for (const bridge of await readdir(join(folder, 'bridges')).catch(() => [])) {
    const file = `/sys/class/net/${bridge}/addr_assign_type`;
    expect([bridge, await readFile(file, 'utf8')]).toEqual([bridge, GIVEN_ADDRESS]);
  }
});

test('up repairs what has died, leaves the rest alone, and does nothing when all is well', async () => {
  const before = await pidsOfParts();
  const victims = [...before].filter(([part]) => VICTIMS.includes(part));
  for (const [, pid] of victims) {
    process.kill(pid, 'SIGKILL');
  }
  const killed = victims.map(([part]) => part);
  const broken = await testbed('status');
  expect(broken.status).toBe(killed.length === 0 ? 0 : 1);

  const { status, stderr } = await testbed('up');
  expect(status).toBe(0);
  const after = await pidsOfParts();
  expect([...after.keys()]).toEqual([...before.keys()]);
  const changed = [...after].filter(([part, pid]) => before.get(part) !== pid);
  expect(changed.map(([part]) => part)).toEqual(killed);
  for (const part of killed) {
    expect(stderr).toContain(`${part} has died; starting it again`);
  }

  expect((await testbed('up')).status).toBe(0);
  expect([...(await pidsOfParts())]).toEqual([...after]);
});

test('nothing is built or started of parts that the user brings', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bed-'));
  const env = {
    HOLDFAST_TESTBED_DIR: join(folder, 'state'),
    HOLDFAST_CACHE: join(folder, 'cache'),
    HOLDFAST_TESTBED_OWN: '',
    KUBECONFIG: '/the/users/kubeconfig',
    TEMPORAL_ADDRESS: 'temporal.users.example:7233',
    S3_ENDPOINT: 'https://s3.users.example',
    S3_BUCKET: '',
    HOLDFAST_RESTIC: '/the/users/restic',
  };
  try {
    expect((await testbed('up', env)).status).toBe(0);
    expect(await readdir(folder)).toEqual(['state']);
    expect((await readdir(env.HOLDFAST_TESTBED_DIR)).sort()).toEqual(['boot-id', 'lock']);
    expect((await testbed('status', env)).stdout.match(/yours: \S+/g)).toEqual([
      `yours: ${env.KUBECONFIG}`,
      `yours: ${env.TEMPORAL_ADDRESS}`,
      `yours: ${env.S3_ENDPOINT}`,
    ]);
    const { stdout } = await testbed('env', env);
    expect(stdout).toContain(`export S3_ENDPOINT=${env.S3_ENDPOINT}\n`);
    expect(stdout).toContain('export S3_BUCKET=holdfast\n');
    expect(stdout).toContain(`export HOLDFAST_RESTIC=${env.HOLDFAST_RESTIC}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("tests of upgrades take the user's other image, and say what is missing without one", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bed-'));
  const env = {
    HOLDFAST_TESTBED_DIR: folder,
    HOLDFAST_IMAGE: 'users.example/holdfast:2',
    HOLDFAST_EARLIER_IMAGE: '',
  };
  try {
    const missing = await testbed('earlier-image', env);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('HOLDFAST_EARLIER_IMAGE names it');
    const other = { ...env, HOLDFAST_EARLIER_IMAGE: 'users.example/holdfast:1' };
    const { stdout } = await testbed('earlier-image', other);
    expect(stdout).toBe('users.example/holdfast:1\n');
    expect((await testbed('env', other)).stdout).toContain(
      'export HOLDFAST_EARLIER_IMAGE=users.example/holdfast:1\n',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('one part of the bed can be had without the others, and its end harms no other bed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bed-'));
  const port = await freePort();
  const env = {
    HOLDFAST_TESTBED_DIR: folder,
    HOLDFAST_TESTBED_OWN: '',
    HOLDFAST_TESTBED_TEMPORAL_PORT: String(port),
    HOLDFAST_TESTBED_TEMPORAL_UI_PORT: String(await freePort()),
    KUBECONFIG: '/the/users/kubeconfig',
    TEMPORAL_ADDRESS: '',
    S3_ENDPOINT: 'https://s3.users.example',
  };
  const before = await pidsOfParts();
  try {
    expect((await testbed('up', env)).status).toBe(0);
    expect(await readdir(join(folder, 'pids'))).toEqual(['temporal']);
    const { stdout } = await testbed('env', env);
    expect(stdout).toContain(`export TEMPORAL_ADDRESS=127.0.0.1:${String(port)}\n`);
    const record = await readFile(join(folder, 'pids', 'temporal'), 'utf8');
    const server = markOf(Number(record.split(' ')[0]));
    expect(server).toBeDefined();
    expect((await testbed('down', env)).status).toBe(0);
    expect(server !== undefined && isRunning(server)).toBe(false);
  } finally {
    await testbed('down', env);
    await rm(folder, { recursive: true });
  }
  expect([...(await pidsOfParts())]).toEqual([...before]);
});
