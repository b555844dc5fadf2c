import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readConfig } from '../../worker/config.ts';

// Goal: the version of workers is that of their workflows. Method: the configuration is read with files for bundles.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-config-'));
  await Promise.all([
    writeFile(join(folder, 'one.js'), 'one'),
    writeFile(join(folder, 'same.js'), 'one'),
    writeFile(join(folder, 'other.js'), 'other'),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

function read(bundle: string, role = 'workflows', env: NodeJS.ProcessEnv = {}) {
  return readConfig(['--role', role], {
    HOLDFAST_WORKER_DEPLOYMENT: 'holdfast',
    HOLDFAST_WORKFLOW_BUNDLE: join(folder, bundle),
    ...env,
  });
}

test('workers with the same workflows are one version, and with others another', () => {
  const { version, takesNewRuns } = read('one.js');
  expect(version).toEqual({
    deploymentName: 'holdfast',
    buildId: expect.stringMatching(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/) as string,
  });
  expect(takesNewRuns).toBe(true);
  expect(read('same.js').version).toEqual(version);
  expect(read('other.js').version).not.toEqual(version);
});

test('workers of the cluster, and those of no deployment, have no version', () => {
  expect(read('one.js', 'cluster')).not.toHaveProperty('version');
  const none = { HOLDFAST_WORKER_DEPLOYMENT: undefined };
  expect(read('one.js', 'workflows', none)).not.toHaveProperty('version');
});

test('a version without compiled workflows is refused', () => {
  expect(() => read('missing.js')).toThrow('HOLDFAST_WORKFLOW_BUNDLE names no file');
});

test('a worker of an earlier version takes no new runs', () => {
  const { takesNewRuns } = read('one.js', 'workflows', { HOLDFAST_TAKES_NEW_RUNS: 'false' });
  expect(takesNewRuns).toBe(false);
});
