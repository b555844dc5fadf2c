import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';

import { buildProgram } from '../../cli/program.ts';
import { documentedPages, pageText } from '../support/docs/shell-blocks.ts';

// Goal: a command that a page names in passing is there. Method: what stands in code within a line and begins with
// `holdfast` is looked up among the commands, with its flags.

const NAMED = /`holdfast ([a-z][^`\n]*)`/g;
const FLAG = /--[a-z][a-z-]*/g;

let program: Command;

beforeAll(async () => {
  program = await buildProgram();
});

/** The command that the words begin with, and the first word that names none. */
function commandOf(words: readonly string[]): { command: Command; strange: string | undefined } {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => [one.name(), ...one.aliases()].includes(word));
    if (next === undefined) {
      // What follows a command without commands of its own is an argument.
      return { command, strange: command.commands.length > 0 ? word : undefined };
    }
    command = next;
  }
  return { command, strange: undefined };
}

/** What of a command is not so. */
function faultsOf(text: string): string[] {
  const { command, strange } = commandOf(text.split(' ').filter((word) => word !== ''));
  const known = command.options.map(({ long }) => long);
  return [
    ...(strange === undefined ? [] : [`${text}: no command ${strange}`]),
    ...(text.match(FLAG) ?? [])
      .filter((flag) => flag !== '--help' && !known.includes(flag))
      .map((flag) => `${text}: no flag ${flag}`),
  ];
}

test('every command and flag that a page names is there', () => {
  const named = documentedPages().flatMap((page) =>
    [...pageText(page).matchAll(NAMED)].map(([, text = '']) => text),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.flatMap(faultsOf)).toEqual([]);
});
