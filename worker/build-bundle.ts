import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode } from '@temporalio/worker';

/** Compiles the workflows into the file that is named, which `HOLDFAST_WORKFLOW_BUNDLE` then names for a worker. */
async function main(): Promise<void> {
  const [path] = process.argv.slice(2);
  if (path === undefined) {
    throw new Error('usage: build-bundle.ts FILE');
  }
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath });
  await writeFile(path, code);
}

await main();
