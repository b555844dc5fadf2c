import { Argument, Command } from 'commander';

import { bashCompletion } from './bash.ts';
import { commandTree } from './command-tree.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

/** How a shell learns to complete words: the text that it reads. */
const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `completion SHELL`: prints what makes a shell complete words of `holdfast`, from the commands as they are. */
export function completionCommand(buildProgram: () => Promise<Command>): Command {
  return new Command('completion')
    .description(
      'print what makes a shell complete words; for bash: source <(holdfast completion bash)',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .action(async (shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](commandTree(await buildProgram())));
    });
}
