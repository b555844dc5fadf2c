import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { startHoldfast } from '../support/holdfast.ts';

// Goal: a new plugin is whole, has its own name, and overwrites nothing. Method: bin/holdfast as a user runs it, and the
// tools of the language.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-scaffold-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function newPlugin(path: string, ...args: string[]) {
  const command = startHoldfast(['plugin', 'new', path, ...args]);
  const status = await command.status;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

/** All that is written, as one text. */
async function textOf(path: string): Promise<string> {
  const names = await readdir(path);
  return (await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))).join('\n');
}

test('a plugin in TypeScript has the name of its folder, and its types are right', async () => {
  const path = join(folder, 'vault-copier');
  expect(await newPlugin(path, '--language', 'typescript')).toEqual({
    ...{ status: 0, stdout: '' },
    stderr: `${path} holds the plugin vault-copier; its README.md says how to run it\n`,
  });
  const text = await textOf(path);
  expect(text).toContain('holdfast plugin register vault-copier');
  expect(text).not.toContain('example-uploader');
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['--project', path]);
});

test('a plugin in Python has the name that is given, and compiles', async () => {
  const path = join(folder, 'new');
  const { status } = await newPlugin(path, '--language', 'python', '--name', 'copier-2');
  expect(status).toBe(0);
  const text = await textOf(path);
  expect(text).toContain('"PLUGIN_NAME", "copier-2"');
  const files = (await readdir(path)).filter((name) => name.endsWith('.py'));
  expect(files).toContain('main.py');
  await run('python3', ['-m', 'py_compile', ...files], { cwd: path });
});

test('the examples use the versions of Temporal that Holdfast is tested with', async () => {
  const versions = async (file: string) =>
    JSON.parse(await readFile(join(ROOT, file), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
  const [own, example] = await Promise.all(
    ['package.json', 'examples/plugins/typescript/package.json'].map(versions),
  );
  expect(own?.dependencies).toMatchObject(example?.dependencies ?? {});
  expect(own?.devDependencies).toMatchObject(example?.devDependencies ?? {});
});

test('a folder that holds something is left as it is', async () => {
  await writeFile(join(folder, 'mine'), 'text');
  const answer = await newPlugin(folder, '--language', 'python', '--name', 'copier');
  expect(answer).toMatchObject({ status: 2, stdout: '' });
  expect(answer.stderr).toContain(`${folder} is not empty`);
  expect(await readdir(folder)).toEqual(['mine']);
});

test.each([
  [['--language', 'python', '--name', 'Not_A_Label'], 'Not_A_Label is no name of a plugin'],
  [['--language', 'cobol'], 'Allowed choices are typescript, python'],
  [[], "required option '--language"],
])('%j is refused, and makes no folder', async (args, said) => {
  const answer = await newPlugin(join(folder, 'plugin'), ...args);
  expect(answer.status).toBe(2);
  expect(answer.stderr).toContain(said);
  expect(await readdir(folder)).toEqual([]);
});
