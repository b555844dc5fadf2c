import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from 'vitest';

// Goal: the demo harms nothing that is not its own, and says what it lacks on parts of the user's.
// Method: the scripts as they are, with a state folder of their own and records of processes made here.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  await mkdir(join(folder, 'pids'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function script(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const options = { env: { ...process.env, HOLDFAST_DEMO_DIR: folder, ...env } };
  try {
    const { stdout, stderr } = await run('bash', [join(ROOT, 'test/demo', name)], options);
    return stdout + stderr;
  } catch (error) {
    // A script that fails says why on its standard error, which the error of `execFile` carries.
    return (error as { stderr: string }).stderr;
  }
}

async function startTimeOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function record(text: string): Promise<void> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(join(folder, 'pids', `holdfast-${boot}`), `${text}\n`);
}

test('stop ends the process that was recorded', async () => {
  const ours = spawn('sleep', ['600']);
  const exited = new Promise((resolve) =>
    ours.once('exit', (_, signal) => {
      resolve(signal);
    }),
  );
  const pid = ours.pid ?? 0;
  await record(`${String(pid)} ${await startTimeOf(pid)}`);
  expect(await script('stop.sh', {})).toContain('is stopped');
  expect(await exited).toBe('SIGTERM');
});

test('stop leaves a process alone that has the recorded pid and another start time', async () => {
  const stranger = spawn('sleep', ['600']);
  const pid = stranger.pid ?? 0;
  await record(`${String(pid)} ${String(Number(await startTimeOf(pid)) - 1)}`);
  expect(await script('stop.sh', {})).toBe('');
  expect(await startTimeOf(pid)).not.toBe('');
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill();
});

test('stop goes on knowing what the demo made in a cluster that does not answer', async () => {
  const file = join(folder, 'cluster');
  await writeFile(file, '/somewhere/else\n');
  const told = await script('stop.sh', {});
  expect(told).toContain('the cluster of /somewhere/else does not answer');
  expect(await readFile(file, 'utf8')).toBe('/somewhere/else\n');
});

test('a cluster that is not of the test bed needs images that it can pull', async () => {
  const env = {
    KUBECONFIG: '/somewhere/else',
    HOLDFAST_TESTBED_OWN: '',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_BUCKET: 'holdfast',
    HOLDFAST_POD_TEMPORAL_ADDRESS: '127.0.0.1:1',
    HOLDFAST_DEMO_IMAGE: '',
    HOLDFAST_IMAGE: '',
  };
  expect(await script('demo.sh', env)).toContain('set HOLDFAST_DEMO_IMAGE to an image');
  const withApplication = { ...env, HOLDFAST_DEMO_IMAGE: 'busybox:1.36' };
  expect(await script('demo.sh', withApplication)).toContain('HOLDFAST_IMAGE names it');
  const told = await script('demo.sh', { ...withApplication, HOLDFAST_IMAGE: 'mine/holdfast:1' });
  expect(told).toContain('the cluster of KUBECONFIG (/somewhere/else) does not answer');
});

test('a part that nobody named is said by its variable', async () => {
  const named = { KUBECONFIG: '/a', TEMPORAL_ADDRESS: 'b:1', S3_ENDPOINT: 'http://c' };
  expect(await script('demo.sh', { ...named, S3_BUCKET: '' })).toContain('S3_BUCKET is not set');
});
