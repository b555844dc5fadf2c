import { type Command, Option } from 'commander';

import { clientOf, type GlobalOptions } from './global-options.ts';
import { print } from './output/print.ts';
import { boundCommand, planText } from './plan-output.ts';

export interface PlanOptions extends GlobalOptions {
  readonly details?: true;
}

/** Makes a command say what a restore would do. */
export function withPlanFlags(command: Command): Command {
  return command
    .description('show what a restore would do, item by item; starts none')
    .option('--details', 'show all items, also those that are created or unchanged');
}

/** Adds the flags with which `restore create` only says what it would do. */
export function withDryRun(command: Command): Command {
  return command
    .addOption(
      new Option('--dry-run', 'show what the restore would do; starts none').conflicts('wait'),
    )
    .addOption(new Option('--details', 'with --dry-run: show all items').implies({ dryRun: true }));
}

/** Prints what a restore would do, and the command that starts just that. */
export async function plan(body: object, options: PlanOptions): Promise<void> {
  const preview = await clientOf(options).runs.plan(body);
  print(preview, options, {
    text: () => {
      const text = planText(preview.plan, { isDetailed: options.details === true });
      const command = boundCommand(process.argv.slice(2), preview.plan.digest);
      return `${text}Start it, if nothing changes until then: ${command}\n`;
    },
  });
}
