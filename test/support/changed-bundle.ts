import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

/** What the workflows are compiled of. */
const PARTS = [
  'workflows',
  'domain',
  'activities/contract.ts',
  'activities/volume-contract.ts',
  'activities/diagnosis-contract.ts',
];

/** One change of one file. */
export interface Change {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

/** Compiles the workflows with a change that only a test makes. */
export async function changedBundle({ path, from, to }: Change): Promise<WorkflowBundle> {
  const root = new URL('../../', import.meta.url).pathname;
  const copy = await mkdtemp(join(tmpdir(), 'holdfast-workflows-'));
  for (const part of PARTS) {
    await cp(join(root, part), join(copy, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const source = await readFile(join(copy, path), 'utf8');
  if (!source.includes(from)) {
    throw new Error(`${path} has no ${from}`);
  }
  await writeFile(join(copy, path), source.replace(from, to));
  const workflowsPath = join(copy, 'workflows/index.ts');
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  await rm(copy, { recursive: true });
  return bundle;
}
