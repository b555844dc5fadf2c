import { readFileSync } from 'node:fs';

import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';

import { buildProgram } from '../../cli/program.ts';

// Goal: who knows Velero's command line is told the truth about this one. Method: each line of docs/velero-commands.md is
// looked up among the commands.

interface Line {
  readonly commands: readonly string[];
  readonly flags: readonly string[];
  readonly here: string;
  readonly why: string;
}

const TEXT = readFileSync(new URL('../../docs/velero-commands.md', import.meta.url), 'utf8');
/** Lines of its tables, without their headings. */
const LINES: readonly Line[] = TEXT.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [commands = '', flags = '', here = '', why = ''] = line
      .split(' |')
      .map((cell) => cell.replace(/^\| /, '').trim());
    return { commands: codesIn(commands), flags: codesIn(flags), here, why };
  });
let program: Command;

beforeAll(async () => {
  program = await buildProgram();
});

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The command of some words; undefined where there is none. */
function commandOf(words: string): Command | undefined {
  return words
    .split(' ')
    .reduce<Command | undefined>(
      (command, word) =>
        command?.commands.find((one) => [one.name(), ...one.aliases()].includes(word)),
      program,
    );
}

function hasFlag(command: Command | undefined, flag: string): boolean {
  return (command?.options ?? []).some(
    ({ short, long, flags }) => [short, long].includes(flag) || flags.split(/[ ,]+/).includes(flag),
  );
}

/** What a line says that is not so. */
function faultsOf({ commands, flags, here, why }: Line): string[] {
  const [instead] = codesIn(here);
  return commands.flatMap((words) => {
    const command = commandOf(words);
    if (here === 'same') {
      const missing = flags.filter((flag) => !hasFlag(command, flag));
      return command === undefined ? [`no ${words}`] : missing.map((flag) => `${words} ${flag}`);
    }
    if (instead === undefined) {
      // Only what is not there needs no name, and it needs a reason.
      const there = flags.filter((flag) => hasFlag(command, flag));
      const isThere = flags.length === 0 && command !== undefined;
      return [
        ...(here === 'no' && why !== '' ? [] : [`${words}: ${here}`]),
        ...(isThere ? [`${words} is there`] : []),
        ...there.filter((flag) => !OTHERWISE.has(flag)).map((flag) => `${words} ${flag} is there`),
      ];
    }
    const isThere = instead.startsWith('-')
      ? hasFlag(command, instead)
      : commandOf(instead) !== undefined;
    return isThere ? [] : [`${words}: no ${instead}`];
  });
}

/** Flags that have another meaning here. */
const OTHERWISE: ReadonlySet<string> = new Set(['--output', '-o', '--timeout']);

test('what the list of the commands of Velero says is so', () => {
  expect(LINES.length).toBeGreaterThan(80);
  expect(LINES.flatMap(faultsOf)).toEqual([]);
});

test('each flag of Velero is told of once for each command', () => {
  const told = LINES.flatMap(({ commands, flags }) =>
    commands.flatMap((command) => flags.map((flag) => `${command} ${flag}`)),
  );
  expect(told.filter((one, index) => told.indexOf(one) !== index)).toEqual([]);
});

test('a line that is not so is found', () => {
  const line = { commands: ['backup create'], flags: ['--no-such-flag'], why: '' };
  expect(faultsOf({ ...line, here: 'same' })).toEqual(['backup create --no-such-flag']);
  expect(faultsOf({ ...line, here: '`--neither`' })).toEqual(['backup create: no --neither']);
  expect(faultsOf({ ...line, flags: ['--ttl'], here: 'no' })).toEqual([
    'backup create: no',
    'backup create --ttl is there',
  ]);
  expect(faultsOf({ ...line, commands: ['backup forget'], flags: [], here: 'same' })).toEqual([
    'no backup forget',
  ]);
});
