import { Command } from 'commander';

import type { BackupResource } from '../domain/api-resource.ts';
import { clientOf, type GlobalOptions, withGlobals } from './global-options.ts';
import { print } from './output/print.ts';

/** Adds `backup hold`, `backup release` and `backup extend`. */
export function withHoldCommands(command: Command): Command {
  return command
    .addCommand(
      verbCommand('hold', 'keep a backup until it is released, whatever would delete it')
        .requiredOption('--reason <text>', 'why it is kept')
        .action(async (name: string, _options: unknown, self: Command) => {
          const options = self.opts<GlobalOptions & { reason: string }>();
          const { reason } = options;
          tell(
            await clientOf(options).runs.backupVerb(name, 'hold', { reason }),
            options,
            'is held',
          );
        }),
    )
    .addCommand(
      verbCommand('release', 'let go of a backup that is held').action(
        async (name: string, _options: unknown, self: Command) => {
          const options = self.opts<GlobalOptions>();
          const backup = await clientOf(options).runs.backupVerb(name, 'release', {});
          tell(backup, options, 'is not held');
        },
      ),
    )
    .addCommand(
      verbCommand('extend', 'keep a backup for longer than its TTL says')
        .option('--ttl <duration>', 'from now on, such as 720h')
        .option('--until <time>', 'such as 2027-01-31T00:00:00Z')
        .action(async (name: string, _options: unknown, self: Command) => {
          const options = self.opts<GlobalOptions & { ttl?: string; until?: string }>();
          const { ttl, until } = options;
          const backup = await clientOf(options).runs.backupVerb(name, 'extend', {
            ...(ttl === undefined ? {} : { ttl }),
            ...(until === undefined ? {} : { expiration: until }),
          });
          tell(backup, options, `is kept until ${backup.status.expiration ?? ''}`);
        }),
    );
}

function verbCommand(name: string, description: string): Command {
  return withGlobals(new Command(name)).argument('<name>').description(description);
}

function tell(backup: BackupResource, options: GlobalOptions, what: string): void {
  print(backup, options, { message: () => `backup ${backup.metadata.name} ${what}\n` });
}
