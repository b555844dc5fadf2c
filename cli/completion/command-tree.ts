import type { Command, Option } from 'commander';

import { FORMATS } from '../output/format.ts';

/** A flag, and what may stand behind it. */
export interface Flag {
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly values: readonly string[];
  /** It is the name of one of these. */
  readonly noun: string | undefined;
}

/** A command: how it is reached, and what may follow. */
export interface CommandNode {
  /** `/backup/get`, and the names of the parts that stand for the last one. */
  readonly path: string;
  readonly aliases: readonly string[];
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
  /** Its argument is the name of one of these. */
  readonly noun: string | undefined;
}

const NOUNS: Readonly<Record<string, string>> = {
  '--from-backup': 'backup',
  '--backup': 'backup',
  '--retry-of': 'restore',
  '--restore': 'restore',
  '--from-schedule': 'schedule',
  '--location': 'location',
  '--storage-location': 'location',
};
const NAMED = ['backup', 'restore', 'schedule', 'location', 'plugin', 'notification'];
/** Commands whose argument is a new name. */
const MAKERS: ReadonlySet<string> = new Set(['create', 'register', 'new']);
/** The words of `-o` that need nothing behind them. */
const FORMAT_WORDS = FORMATS.split('|').filter((word) => !word.includes('='));

/** All commands of a program, in the order of its help. */
export function commandTree(program: Command, parent = ''): CommandNode[] {
  const path = parent === '' && program.parent === null ? '' : `${parent}/${program.name()}`;
  return [
    {
      path,
      aliases: program.aliases(),
      words: [
        ...program.commands.map((command) => command.name()),
        ...(program.registeredArguments[0]?.argChoices ?? []),
      ],
      flags: [...program.options.filter(({ hidden }) => !hidden).map(flagOf), HELP],
      noun: nounOf(program, path),
    },
    ...program.commands.flatMap((command) => commandTree(command, path)),
  ];
}

const HELP: Flag = { names: ['-h', '--help'], takesValue: false, values: [], noun: undefined };

function flagOf({ short, long, required, argChoices }: Option): Flag {
  const names = [short, long].filter((name) => name !== undefined);
  return {
    names,
    takesValue: required,
    values: argChoices ?? (long === '--output' ? FORMAT_WORDS : []),
    noun: NOUNS[long ?? ''],
  };
}

function nounOf({ registeredArguments }: Command, path: string): string | undefined {
  const parts = path.split('/');
  const isName = registeredArguments[0]?.name() === 'name';
  return isName && !parts.some((part) => MAKERS.has(part))
    ? NAMED.find((noun) => parts.includes(noun))
    : undefined;
}
