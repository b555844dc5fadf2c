import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { documentedPages, pageText } from '../support/docs/shell-blocks.ts';
import { helmProgram } from '../support/helm.ts';

// Goal: a command of another program that a page names in passing is there, as a command in a block, which is run, has to
// be. Method: what stands in code within a line is looked up in the help of the program, with its flags; targets of make in
// the Makefile.

const PROGRAMS: Readonly<Record<string, () => Promise<string>>> = {
  helm: helmProgram,
  kubectl: () => Promise.resolve('kubectl'),
  temporal: () => Promise.resolve(process.env['HOLDFAST_TEMPORAL_CLI'] ?? 'temporal'),
};
const NAMED = new RegExp(`\`((?:${Object.keys(PROGRAMS).join('|')}) [^\`\n]+)\``, 'g');
const MADE = /`make ([a-z-]+)/g;
const FLAG = /(?<= )--?[a-zA-Z][a-z-]*/g;
const USAGE = /^Usage:\n\s+(\S.*)$/m;
const run = promisify(execFile);

function namedIn(pattern: RegExp): string[] {
  const named = documentedPages().flatMap((page) =>
    [...pageText(page).matchAll(pattern)].map(([, text = '']) => text),
  );
  return [...new Set(named)];
}

/** Program, command and arguments, without flags, of which kubectl's namespace may come first. */
function wordsOf(command: string): string[] {
  return command
    .replace(/^kubectl (?:-n|--namespace) \S+/, 'kubectl')
    .replace(/ -.*$/, '')
    .split(' ');
}

/** What the program says of the command, and of the flags that all of its commands take. */
async function helpOf(command: string): Promise<string> {
  // With a flag that is not there, it would say nothing of the command.
  const [name = '', ...words] = wordsOf(command);
  const program = (await PROGRAMS[name]?.()) ?? name;
  const { stdout } = await run(program, [...words, '--help']);
  const general = name === 'kubectl' ? (await run(program, ['options'])).stdout : '';
  return `${stdout}\n${general}`;
}

/** What of a command is not so. */
async function faultsOf(command: string): Promise<string[]> {
  const help = await helpOf(command).catch((error: unknown) => String(error));
  const [, usage = ''] = USAGE.exec(help) ?? [];
  const known = usage.split(' ').filter((word) => /^[a-z-]+$/.test(word));
  const next = wordsOf(command)[known.length] ?? '';
  const isGroup = help.includes('Available Commands:');
  return [
    ...(known.length < 2 ? [`${command}: no such command`] : []),
    ...(isGroup && /^[a-z]/.test(next) ? [`${command}: no command ${next}`] : []),
    ...(command.match(FLAG) ?? [])
      .filter((flag) => !new RegExp(`(^|\\s)${flag}[ ,=:\\n]`, 'm').test(help))
      .map((flag) => `${command}: no flag ${flag}`),
  ];
}

test('every command of another program that a page names is there, with its flags', async () => {
  const named = namedIn(NAMED);
  expect(named.length).toBeGreaterThan(20);
  const faults: string[] = [];
  for (const command of named) {
    faults.push(...(await faultsOf(command)));
  }
  expect(faults).toEqual([]);
});

test.each([
  ['kubectl rollout again deployment', 'no command again'],
  ['kubectl gets pods', 'no such command'],
  ['kubectl apply --kustomization-file deploy', 'no flag --kustomization-file'],
  ['temporal worker deployments list', 'no command deployments'],
  ['helm install -z', 'no flag -z'],
])('%s would be found', async (command, fault) => {
  expect(await faultsOf(command)).toContain(`${command}: ${fault}`);
});

test('every target of make that a page names is there', () => {
  const makefile = ['Makefile', 'test/testbed/testbed.mk']
    .map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
    .join('\n');
  const targets = [...makefile.matchAll(/^([a-z -]+):/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  const named = namedIn(MADE);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((target) => !targets.includes(target))).toEqual([]);
});
