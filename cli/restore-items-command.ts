import { Command, Option } from 'commander';

import { groupResource } from '../domain/item.ts';
import type { RestoreOutcome } from '../domain/restore/restore-outcome.ts';
import { RESTORE_VERBS } from '../domain/restore.ts';
import { columnsText } from './columns.ts';
import { clientOf, withGlobals } from './global-options.ts';
import { type ItemFlags, present, warnOfMore, withItemFlags } from './item-flags.ts';
import { dataText } from './output.ts';

const HEADINGS = ['VERB', 'TYPE', 'NAMESPACE', 'NAME', 'REASON'];

interface RestoreItemFlags extends ItemFlags {
  readonly verb?: string;
}

/** `restore items`: what became of each item of an ended restore. */
export function restoreItemsCommand(): Command {
  return withItemFlags(withGlobals(new Command('items')))
    .argument('<name>')
    .description('list what became of each item of an ended restore')
    .addOption(new Option('--verb <verbs>', `separated by commas: ${RESTORE_VERBS.join(', ')}`))
    .action(async (restore: string, _options: unknown, self: Command) => {
      const options = self.opts<RestoreItemFlags>();
      const { type, namespace, name, verb, limit, output } = options;
      const query = present({ type, namespace, name, verb });
      const list = await clientOf(options).contents.restoreItems(restore, query, limit);
      process.stdout.write(
        output === 'table' ? restoreItemsText(list.items) : dataText(list, output),
      );
      warnOfMore(list);
    });
}

/** One line per item. */
function restoreItemsText(items: readonly RestoreOutcome[]): string {
  const rows = items.map((item) => [
    ...[item.verb, groupResource(item), item.namespace, item.name],
    // What a server said may have lines of its own.
    (item.reason ?? '').replaceAll(/\s+/g, ' '),
  ]);
  return columnsText([HEADINGS, ...rows]);
}
