import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { isRunning, markOf, type ProcessMark } from '../../cli/dev/process-mark.ts';
import type { RunResource } from '../../domain/api-resource.ts';
import { type RunningCommand, startHoldfast } from '../support/holdfast.ts';
import { freePort } from '../support/free-port.ts';

// Goal: `holdfast dev` runs all of Holdfast over a folder, and leaves no process behind, however it ends.
// Method: bin/holdfast as a user runs it, with the Temporal server that it starts itself; processes are told apart
// by pid and start time.

const START_WAIT = { timeout: 120_000, interval: 100 };
const END_WAIT = { timeout: 20_000, interval: 50 };

let folder: string;
let server: string;
let dev: RunningCommand | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-dev-'));
  server = `http://127.0.0.1:${String(await freePort())}`;
});

afterEach(async () => {
  // A test that failed may have left the processes of its `dev`, which end in order when they are asked to.
  if (dev?.child.exitCode === null && dev.child.signalCode === null) {
    dev.child.kill('SIGTERM');
    await dev.status;
  }
  await rm(folder, { recursive: true });
});

async function startDev(env: NodeJS.ProcessEnv = {}): Promise<RunningCommand> {
  const places = ['--location', join(folder, 'location'), '--data-dir', join(folder, 'data')];
  const command = startHoldfast(['dev', '--port', new URL(server).port, ...places], {
    ...env,
    TEMPORAL_ADDRESS: undefined,
    // Quieter than what `dev` listens for.
    HOLDFAST_LOG_LEVEL: 'warn',
  });
  dev = command;
  const state = (): string => (command.stdout.includes('API ') ? 'ready' : command.stderr);
  await expect.poll(state, START_WAIT).toBe('ready');
  return command;
}

/** The processes of a `dev` by what they run: temporal, worker, api. */
function partsOf({ child }: RunningCommand): Readonly<Record<string, ProcessMark>> {
  const pid = String(child.pid);
  const parts: Record<string, ProcessMark> = {};
  for (const part of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')) {
    const commandLine = readFileSync(`/proc/${part}/cmdline`, 'utf8');
    const name = /(temporal|worker|api)(\/(main|server)\.ts)?\0/.exec(commandLine)?.[1];
    const mark = markOf(Number(part));
    if (name !== undefined && mark !== undefined) {
      parts[name] = mark;
    }
  }
  return parts;
}

function runningOf(parts: Readonly<Record<string, ProcessMark>>): string[] {
  return Object.entries(parts)
    .filter(([, mark]) => isRunning(mark))
    .map(([name]) => name)
    .sort();
}

async function backUp(name: string): Promise<void> {
  const spec = ['--include-namespaces', 'default', '--wait'];
  const command = startHoldfast(['backup', 'create', name, '--server', server, ...spec]);
  expect(await command.status, command.stderr).toBe(0);
}

async function workflowOf(name: string): Promise<string | undefined> {
  const response = await fetch(`${server}/api/v1/backups/${name}`);
  // The type of this route, which other tests look at.
  return ((await response.json()) as RunResource).status.temporal?.workflowId;
}

test('dev makes a backup into a folder, and SIGTERM ends all of its processes', async () => {
  const command = await startDev();
  const parts = partsOf(command);
  expect(runningOf(parts)).toEqual(['api', 'temporal', 'worker']);
  await backUp('first');
  command.child.kill('SIGTERM');
  expect(await command.status).toBe(0);
  expect(runningOf(parts)).toEqual([]);
});

test('a dev that was killed leaves its folder to the next one, with all that ran before', async () => {
  const killed = await startDev();
  const parts = partsOf(killed);
  await backUp('before');
  killed.child.kill('SIGKILL');
  await killed.status;
  await expect.poll(() => runningOf(parts), END_WAIT).toEqual(['temporal']);

  const next = await startDev();
  expect(runningOf(parts)).toEqual([]);
  expect(next.stderr).toContain('ending the Temporal server that an earlier run left behind');
  // The record alone is shown as long as a Temporal that has just started does not answer in time.
  await expect.poll(() => workflowOf('before')).toBe('backup/default/before');
  await backUp('after');
});

test('a dev whose API asks who calls starts, and a part that keeps dying ends it with 1, loudly, and nothing is left', async () => {
  const tokens = join(folder, 'tokens.json');
  await writeFile(tokens, JSON.stringify([{ username: 'me', groups: [], sha256: '0'.repeat(64) }]));
  const command = await startDev({ HOLDFAST_AUTH: 'Tokens', HOLDFAST_AUTH_TOKENS_FILE: tokens });
  const parts = partsOf(command);
  for (let deaths = 0; deaths < 11; deaths++) {
    let api: ProcessMark | undefined;
    await expect.poll(() => (api = partsOf(command)['api']), END_WAIT).toBeDefined();
    process.kill(api?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => api !== undefined && isRunning(api), END_WAIT).toBe(false);
  }
  expect(await command.status).toBe(1);
  expect(command.stderr).toContain('ERROR: api keeps dying, so everything is ended');
  expect(runningOf(parts)).toEqual([]);
});
