import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { EmptyCluster } from './empty-cluster.ts';

// Goal: a second cluster that does not start says why and leaves nothing. Method: a version of Kubernetes that was never
// built.

test('a cluster that does not start is tried once more, says why, and leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-none-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('TMPDIR', folder);
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  await expect(EmptyCluster.start({ kubernetes: '0.1' })).rejects.toThrow(/error: .*0\.1/);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/is started again: .*0\.1/s) as string]]);
  expect(await readdir(folder)).toEqual([]);
});
