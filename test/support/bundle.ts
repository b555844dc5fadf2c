import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode } from '@temporalio/worker';

/** Compiles the workflows once for all workers of a test run, whatever their project. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env['HOLDFAST_WORKFLOW_BUNDLE'] !== undefined) {
    return () => Promise.resolve();
  }
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bundle-'));
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const path = join(folder, 'workflows.js');
  const { code } = await bundleWorkflowCode({ workflowsPath });
  await writeFile(path, code);
  process.env['HOLDFAST_WORKFLOW_BUNDLE'] = path;
  return () => rm(folder, { recursive: true });
}
