import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Goal: each guard of the import rule fails on a planted leak, and passes without it. Method: a copy of the tree
// in a folder of its own, with a leak planted into it.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['domain', 'workflows', 'activities', 'storage', 'api', 'worker', 'cli'];
const CONFIGS = ['package.json', 'tsconfig.json', 'eslint.config.js', '.dependency-cruiser.cjs'];
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'holdfast-planted-'));
  for (const name of [...FOLDERS, ...CONFIGS]) {
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await mkdir(join(copy, 'test'));
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(async () => {
  await rm(copy, { recursive: true });
});

async function plant(file: string, text: string): Promise<void> {
  await writeFile(join(copy, file), text);
}

/** Exit status and output of a tool that is run in the copy. */
function tool(name: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const command = join(copy, 'node_modules', '.bin', name);
    execFile(command, args, { cwd: copy, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

function cruise(): Promise<{ code: number; output: string }> {
  return tool(
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'err',
    ...FOLDERS,
  );
}

test('types: a workflow cannot name a thing of Node', async () => {
  // The second check looks at what is new alone.
  const incremental = ['--incremental', '--tsBuildInfoFile', join(copy, 'checked.json')];
  const check = () => tool('tsc', '--noEmit', '-p', 'workflows/tsconfig.json', ...incremental);
  expect((await check()).code).toBe(0);
  await plant('workflows/leak.ts', 'export const leak = process.env;\n');
  const { code, output } = await check();
  expect(code).toBe(1);
  expect(output).toContain("Cannot find name 'process'");
});

test('lint: a workflow can import the types of the activities, and not their values', async () => {
  await plant(
    'workflows/clean.ts',
    "import type { BackupRun } from '../activities/contract.ts';\nexport type Clean = BackupRun;\n",
  );
  await plant(
    'workflows/leak.ts',
    "import { createActivities } from '../activities/index.ts';\nexport const leak = createActivities;\n",
  );
  const args = ['--format', 'json', 'workflows/clean.ts', 'workflows/leak.ts'];
  const { code, output } = await tool('eslint', ...args);
  expect(code).toBe(1);
  // As ESLint writes it.
  const [clean, leak] = JSON.parse(output) as { messages: { ruleId: string }[] }[];
  expect(clean?.messages).toEqual([]);
  expect(leak?.messages.map(({ ruleId }) => ruleId)).toContain(
    '@typescript-eslint/no-restricted-imports',
  );
});

const LEAKS = [
  ['storage', 'activities/contract.ts'],
  ['activities', 'workflows/contract.ts'],
  ['api', 'activities/index.ts'],
  ['api', 'workflows/backup.ts'],
  ['cli', 'storage/catalogue.ts'],
  ['worker', 'api/app.ts'],
  ['domain', 'storage/claim.ts'],
] as const;

test('imports: a leak through a third file is found, and each that is forbidden', async () => {
  expect(await cruise()).toMatchObject({ code: 0 });
  await plant(
    'domain/third.ts',
    "import { randomBytes } from 'node:crypto';\nexport const leak = randomBytes;\n",
  );
  await plant('workflows/leak.ts', "export { leak } from '../domain/third.ts';\n");
  const leaks = LEAKS.map(([from, to], index) => [`${from}/leak-${String(index)}.ts`, to] as const);
  for (const [file, to] of leaks) {
    const text = `import * as leak from '../${to}';\nexport const names = Object.keys(leak);\n`;
    await plant(file, text);
  }
  const { code, output } = await cruise();
  expect(code).toBe(1);
  // A line for each, which begins with the rule: `error rule: from → to`.
  const violations = output.split('\n').filter((line) => line.includes(' → '));
  const has = (...words: string[]): boolean =>
    violations.some((line) => words.every((word) => line.includes(word)));
  expect(has('workflows-and-domain-reach-no-node', 'workflows/leak.ts')).toBe(true);
  expect(leaks.filter(([file, to]) => !has(`${file} → `, to))).toEqual([]);
});

test('bundle: the SDK compiles the workflows, and refuses a leak', async () => {
  const workflowsPath = join(copy, 'workflows/index.ts');
  const logger = new DefaultLogger('ERROR', () => undefined);
  await expect(bundleWorkflowCode({ workflowsPath, logger })).resolves.toBeDefined();
  const index = await readFile(workflowsPath, 'utf8');
  await plant(
    'workflows/leak.ts',
    "import { readFileSync } from 'node:fs';\nexport const leak = readFileSync;\n",
  );
  await plant('workflows/index.ts', `${index}export { leak } from './leak.ts';\n`);
  await expect(bundleWorkflowCode({ workflowsPath, logger })).rejects.toThrow();
});
