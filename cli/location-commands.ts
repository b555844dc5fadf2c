import { Command } from 'commander';

import type { StorageLocationResource } from '../domain/api-resource.ts';
import { DEFAULT_LOCATION } from '../domain/storage-location.ts';
import { exitCodeOfLocation } from './exit-codes.ts';
import { clientOf, type GlobalOptions, withApi, withOutput } from './global-options.ts';
import { checksText, locationsText, locationText } from './location-output.ts';
import { dataText } from './output.ts';

type Options = Omit<GlobalOptions, 'location'>;

/** `location …`: list, get, check. */
export function locationCommand(): Command {
  return new Command('location')
    .description('show storage locations, and check what they can do')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(checkCommand());
}

function listCommand(): Command {
  return withOutput(withApi(new Command('list')))
    .description('list the storage locations that are configured')
    .action(async (options: Options) => {
      const list = await clientOf(options).locations();
      process.stdout.write(
        options.output === 'table' ? locationsText(list.items) : dataText(list, options.output),
      );
    });
}

function getCommand(): Command {
  return withOutput(withApi(new Command('get')))
    .argument('<name>')
    .description('show a storage location as it is configured')
    .action(async (name: string, options: Options) => {
      print(await clientOf(options).storageLocation(name), options, locationText);
    });
}

function checkCommand(): Command {
  return withOutput(withApi(new Command('check')))
    .argument('[name]', 'the location', DEFAULT_LOCATION)
    .description('try each operation of a storage location, from where the API runs')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).checkLocation(name);
      print(location, options, checksText);
      process.exitCode = exitCodeOfLocation(location.status?.phase ?? 'Unavailable');
    });
}

function print(
  location: StorageLocationResource,
  { output }: Options,
  text: (location: StorageLocationResource) => string,
): void {
  process.stdout.write(output === 'table' ? text(location) : dataText(location, output));
}
