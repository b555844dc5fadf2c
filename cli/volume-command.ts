import { Command } from 'commander';

import type { BackupVolume } from '../domain/volumes/backup-volumes.ts';
import { copiedText, words } from './coverage-output.ts';
import {
  clientOf,
  type GlobalOptions,
  withHeaders,
  withNamelessOutput,
  withServer,
} from './global-options.ts';
import { note, print } from './output/print.ts';
import type { Table } from './output/table.ts';

/** `volume get`: what became of the volumes of a backup. */
export function volumeCommand(): Command {
  return new Command('volume')
    .description('show what became of the volumes of a backup')
    .addCommand(getCommand());
}

function getCommand(): Command {
  return withHeaders(withNamelessOutput(withServer(new Command('get'))))
    .argument('<backup>')
    .description(
      'list the volumes of an ended backup, and where and how they were copied, or why not',
    )
    .action(async (backup: string, options: GlobalOptions) => {
      const list = await clientOf(options).contents.backupVolumes(backup);
      print(list, options, { table: volumesTable(list.items) });
      if (list.items.length === 0) {
        note(options, 'no volume of the backup could hold data\n');
      }
    });
}

/** One line per volume, for people. */
export function volumesTable(volumes: readonly BackupVolume[]): Table<BackupVolume> {
  return {
    rows: volumes,
    columns: [
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'OUTCOME', cell: ({ copy }) => copy?.outcome ?? 'None' },
      { heading: 'NODE', cell: ({ node = '' }) => node },
      {
        heading: 'DATA',
        cell: (row) => (row.reason === undefined ? copiedText(row) : words(row.reason)),
      },
      { heading: 'SOURCE', cell: ({ source }) => source, when: 'wide' },
      {
        heading: 'ENGINE',
        cell: ({ engine }) => (engine === undefined ? '' : `${engine.kind} ${engine.version}`),
        when: 'wide',
      },
      {
        heading: 'ENDED',
        cell: ({ completionTimestamp = '' }) => completionTimestamp,
        when: 'wide',
      },
    ],
  };
}
