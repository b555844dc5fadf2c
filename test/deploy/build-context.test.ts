import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

// Goal: nobody gets an image for a platform that it does not run on. Method: the script itself, as far as it goes without
// fetching anything.

const SCRIPT = fileURLToPath(new URL('../../deploy/build-context.sh', import.meta.url));

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
