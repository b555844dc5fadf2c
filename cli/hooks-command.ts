import { Command } from 'commander';

import type { BackupHookList, RestoreHookList } from '../domain/api-resource.ts';
import type { ApiClient } from './client/api-client.ts';
import { clientOf, type GlobalOptions, withNamelessOutput, withServer } from './global-options.ts';
import { hooksText } from './hooks-output.ts';
import { note, print } from './output/print.ts';

/** `backup hooks` and `restore hooks`: what became of the hooks of pods. */
export function hooksCommand(
  kind: 'backup' | 'restore',
  read: (client: ApiClient, name: string) => Promise<BackupHookList | RestoreHookList>,
): Command {
  return withNamelessOutput(withServer(new Command('hooks')))
    .argument('<name>')
    .description(`show what became of the hooks of a ${kind}, also while it is under way`)
    .action(async (name: string, _options: unknown, self: Command) => {
      const options = self.opts<GlobalOptions>();
      const list = await read(clientOf(options), name);
      print(list, options, { text: () => hooksText(list.items) });
      if (list.items.length === 0) {
        note(options, 'no hook of a pod has run\n');
      }
    });
}
