import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { RELEASE } from '../../domain/release.ts';
import { startHoldfast } from '../support/holdfast.ts';

// Goal: the command line finds a Node that runs it, and starts fast without a trace where it may leave none. Method:
// bin/holdfast as a user runs it, with other programs called `node` on the path, and folders that are looked at after.

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-launcher-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function start(env: NodeJS.ProcessEnv) {
  const command = startHoldfast(['--version'], { NODE_COMPILE_CACHE: '', ...env });
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

const STARTED = { status: 0, stdout: `${RELEASE}\n`, stderr: '' };

test.each(['v20.19.5', 'v9.0.0', 'no version', ''])(
  'a Node that gives its version as "%s" is not taken, and the next one is',
  async (said) => {
    const old = join(folder, `node-${said}`);
    await writeFile(old, `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
    expect(await start({ HOLDFAST_NODE: old })).toEqual(STARTED);
  },
);

test('a folder that cannot be made keeps no command from starting', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  expect(await start({ XDG_CACHE_HOME: file })).toEqual(STARTED);
  expect(await start({ HOME: '', XDG_CACHE_HOME: '' })).toEqual(STARTED);
});

test("what Node has compiled is kept below the user's folder of caches", async () => {
  const HOME = join(folder, 'home');
  expect(await start({ HOME, XDG_CACHE_HOME: '' })).toEqual(STARTED);
  expect(await readdir(join(HOME, '.cache', 'holdfast', 'node'))).toHaveLength(1);
  const XDG_CACHE_HOME = join(folder, 'caches');
  expect(await start({ HOME: '/nonexistent', XDG_CACHE_HOME })).toEqual(STARTED);
  expect(await readdir(join(XDG_CACHE_HOME, 'holdfast', 'node'))).toHaveLength(1);
});
