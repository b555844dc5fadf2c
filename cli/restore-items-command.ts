import { Command, Option } from 'commander';

import { groupResource } from '../domain/item.ts';
import type { RestoreOutcome } from '../domain/restore/restore-outcome.ts';
import { RESTORE_VERBS } from '../domain/restore.ts';
import { clientOf, LONG_NAMESPACE, withGlobals, withHeaders } from './global-options.ts';
import { itemName } from './items-output.ts';
import { type ItemFlags, present, warnOfMore, withItemFlags } from './item-flags.ts';
import { print } from './output/print.ts';
import type { Table } from './output/table.ts';

interface RestoreItemFlags extends ItemFlags {
  readonly verb?: string;
}

/** `restore items`: what became of each item of an ended restore. */
export function restoreItemsCommand(): Command {
  return withItemFlags(withHeaders(withGlobals(new Command('items'), LONG_NAMESPACE)))
    .argument('<name>')
    .description('list what became of each item of an ended restore')
    .addOption(new Option('--verb <verbs>', `separated by commas: ${RESTORE_VERBS.join(', ')}`))
    .action(async (restore: string, _options: unknown, self: Command) => {
      const options = self.opts<RestoreItemFlags>();
      const { type, namespace, name, verb, limit } = options;
      const query = present({ type, namespace, name, verb });
      const list = await clientOf(options).contents.restoreItems(restore, query, limit);
      print(list, options, { table: tableOf(list.items), names: () => list.items.map(itemName) });
      warnOfMore(list);
    });
}

function tableOf(items: readonly RestoreOutcome[]): Table<RestoreOutcome> {
  return {
    rows: items,
    columns: [
      { heading: 'VERB', cell: ({ verb }) => verb },
      { heading: 'TYPE', cell: groupResource },
      { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
      { heading: 'NAME', cell: ({ name }) => name },
      // What a server said may have lines of its own.
      { heading: 'REASON', cell: ({ reason = '' }) => reason.replaceAll(/\s+/g, ' ') },
    ],
  };
}
