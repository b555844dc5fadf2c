import type { Command } from 'commander';
import { expect, test } from 'vitest';

import { buildProgram } from '../../cli/program.ts';

// Goal: what Velero's users type works, and a short command loads little.

function find(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (command, word) =>
      command?.commands.find((one) => one.name() === word || one.aliases().includes(word)),
    program,
  );
}

test.each([
  ['get backups', 'backup get'],
  ['get backup', 'backup get'],
  ['backup list', 'backup get'],
  ['create backup', 'backup create'],
  ['describe restores', 'restore describe'],
  ['delete schedule', 'schedule delete'],
  ['get backup-locations', 'location get'],
  ['backup-location create', 'location create'],
])('"%s" is "%s"', async (said, meant) => {
  const program = await buildProgram();
  const [one, other] = [find(program, said.split(' ')), find(program, meant.split(' '))];
  expect(one?.description()).toBe(other?.description());
  expect(one?.options.map(({ flags }) => flags)).toEqual(other?.options.map(({ flags }) => flags));
  expect(one?.options.length).toBeGreaterThan(3);
});

test('a command is built alone, and a word that is none gives all of them', async () => {
  const names = async (word: string) =>
    (await buildProgram(word)).commands.map((one) => one.name());
  expect(await names('version')).toEqual(['version']);
  expect(await names('backup-location')).toEqual(['location']);
  expect(await names('--help')).toContain('backup');
  expect(await names('--help')).toContain('get');
});
