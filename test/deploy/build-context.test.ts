import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

// Goal: nobody gets an image for a platform that it does not run on. Method: the script itself, which makes all that goes into
// an image for arm64 here, though nothing of it runs.

const SCRIPT = fileURLToPath(new URL('../../deploy/build-context.sh', import.meta.url));

/** What the heads of programs call the machine that they are for. */
const ARM64 = 0xb7;
/** Fetches Node and packages, and where nothing is cached builds restic. */
const SLOW = 600_000;

function hashFor(PLATFORM: string): Promise<string> {
  const env = { ...process.env, PLATFORM };
  return promisify(execFile)(SCRIPT, ['--hash'], { env }).then(({ stdout }) => stdout);
}

test('what an image is made of has a hash for each platform', async () => {
  const [one, other] = await Promise.all([hashFor('linux/amd64'), hashFor('linux/arm64')]);
  expect(one).toMatch(/^[0-9a-f]{16}\n$/);
  expect(other).toMatch(/^[0-9a-f]{16}\n$/);
  expect(one).not.toBe(other);
});

test('a platform that no image can be built for is refused by name', async () => {
  await expect(hashFor('linux/riscv64')).rejects.toThrow(
    'no image can be built for linux/riscv64; PLATFORM takes linux/amd64 and linux/arm64',
  );
});

test(
  'an image for arm64 is made of programs for arm64 alone',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-context-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    // One of the bed is for this machine.
    const env = { ...process.env, PLATFORM: 'linux/arm64', HOLDFAST_RESTIC: '' };
    await promisify(execFile)(SCRIPT, [folder], { env });
    const bridge = 'node_modules/@temporalio/core-bridge/releases';
    expect(await readdir(join(folder, bridge))).toEqual(['aarch64-unknown-linux-gnu']);
    const native = `${bridge}/aarch64-unknown-linux-gnu/index.node`;
    for (const program of ['programs/node', 'programs/restic', native]) {
      expect([program, await machineOf(join(folder, program))]).toEqual([program, ARM64]);
    }
    expect(await readdir(join(folder, 'sources'))).toContain('workflow-bundle.js');
  },
  SLOW,
);

/** The machine in the head of an ELF file. */
async function machineOf(path: string): Promise<number | undefined> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
  await file.close();
  return buffer[18];
}
