import { Command, Option } from 'commander';

import type { NamespaceResource, NamespaceResourceList } from '../domain/api-namespace.ts';
import { PROTECTIONS } from '../domain/protection.ts';
import {
  clientOf,
  type GlobalOptions,
  withApi,
  withHeaders,
  withOutput,
} from './global-options.ts';
import { present } from './item-flags.ts';
import { note, print } from './output/print.ts';
import type { Table } from './output/table.ts';
import { span } from './span.ts';

interface Options extends Omit<GlobalOptions, 'location'> {
  readonly staleAfter?: string;
  readonly protection?: string;
}

const MS_PER_SECOND = 1000;

/** `namespace get`: how well the namespaces of the cluster are protected. */
export function namespaceCommand(): Command {
  return new Command('namespace')
    .description('show how well the namespaces of the cluster are protected')
    .addCommand(getCommand());
}

function getCommand(): Command {
  return withHeaders(withOutput(withApi(new Command('get'))))
    .argument('[name]')
    .description('list the namespaces with their last good backup, or show one')
    .option(
      '--stale-after <duration>',
      'how old the last good backup may be; two intervals of the schedule by default, 48h without one',
    )
    .addOption(
      new Option('--protection <word>', 'those alone of which this is so').choices(PROTECTIONS),
    )
    .action(async (name: string | undefined, options: Options) => {
      const { namespaces } = clientOf(options);
      const { staleAfter, protection } = options;
      if (name !== undefined) {
        const one = await namespaces.get(name, { ...present({ staleAfter }) });
        print(one, options, { table: namespacesTable([one]) });
        return;
      }
      const list = await namespaces.list({ ...present({ staleAfter, protection }) });
      print(list, options, { table: namespacesTable(list.items) });
      note(options, summaryText(list));
    });
}

function namespacesTable(namespaces: readonly NamespaceResource[]): Table<NamespaceResource> {
  return {
    rows: namespaces,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'PROTECTION', cell: ({ status }) => status.protection },
      { heading: 'LAST BACKUP', cell: ({ status }) => status.lastBackup?.name ?? '' },
      { heading: 'AGE', cell: ({ status }) => ageOf(status) },
      { heading: 'SCHEDULE', cell: ({ status }) => status.schedule ?? '' },
      {
        heading: 'LOCATION',
        cell: ({ status }) => status.lastBackup?.location ?? '',
        when: 'wide',
      },
    ],
  };
}

function ageOf({ lastBackup }: NamespaceResource['status']): string {
  return lastBackup === undefined ? '' : span(lastBackup.ageSeconds * MS_PER_SECOND);
}

function summaryText({ counts, metadata }: NamespaceResourceList): string {
  const { total, covered, stale, uncovered } = counts;
  const unread = (metadata.unread ?? []).map(
    (location) => `the storage location ${location} does not answer; its backups do not count\n`,
  );
  return `${String(covered)} of ${String(total)} namespaces are covered; of ${String(stale)} the last good backup is too old, and ${String(uncovered)} have none\n${unread.join('')}`;
}
