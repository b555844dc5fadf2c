import { Command } from 'commander';

import type { StorageLocationResource } from '../domain/locations/api-location.ts';
import { DEFAULT_LOCATION } from '../domain/storage-location.ts';
import { exitCodeOfLocation } from './exit-codes.ts';
import { clientOf, type GlobalOptions, withApi, withOutput } from './global-options.ts';
import { checksText, locationsText, locationText, writtenText } from './location-output.ts';
import { type LocationFlags, locationSpec, withLocationFields } from './location-flags.ts';
import { dataText } from './output.ts';

type Options = Omit<GlobalOptions, 'location'>;

/** `location …`: create, replace, list, get, check, adopt, delete. */
export function locationCommand(): Command {
  return new Command('location')
    .description('keep, show and forget storage locations, and check what they can do')
    .addCommand(writeCommand('create', 'check a storage location and keep it'))
    .addCommand(writeCommand('replace', 'give a storage location another spec'))
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(checkCommand())
    .addCommand(adoptCommand())
    .addCommand(deleteCommand());
}

function writeCommand(verb: 'create' | 'replace', description: string): Command {
  return withLocationFields(withOutput(withApi(new Command(verb))))
    .argument('<name>')
    .description(description)
    .option('--no-check', 'keep it whatever its operations do')
    .action(
      async (name: string, options: Options & LocationFlags & { readonly check: boolean }) => {
        const spec = await locationSpec(options);
        const client = clientOf(options);
        const location = await client.locations.write(verb, { name, spec }, options.check);
        print(location, options, writtenText);
      },
    );
}

function adoptCommand(): Command {
  return withOutput(withApi(new Command('adopt')))
    .argument('<name>')
    .description('take a storage location over from another Holdfast, which writes to it no more')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).locations.verb(name, 'adopt');
      print(location, options, () => `storage location ${name} belongs to this Holdfast now\n`);
    });
}

function deleteCommand(): Command {
  return withApi(new Command('delete'))
    .argument('<name>')
    .description('forget a storage location; what is in it stays')
    .action(async (name: string, options: Options) => {
      await clientOf(options).locations.delete(name);
      process.stdout.write(`storage location ${name} is forgotten; what is in it stays\n`);
    });
}

function listCommand(): Command {
  return withOutput(withApi(new Command('list')))
    .description('list the storage locations')
    .action(async (options: Options) => {
      const list = await clientOf(options).locations.list();
      process.stdout.write(
        options.output === 'table' ? locationsText(list.items) : dataText(list, options.output),
      );
    });
}

function getCommand(): Command {
  return withOutput(withApi(new Command('get')))
    .argument('<name>')
    .description('show a storage location')
    .action(async (name: string, options: Options) => {
      print(await clientOf(options).locations.get(name), options, locationText);
    });
}

function checkCommand(): Command {
  return withOutput(withApi(new Command('check')))
    .argument('[name]', 'the location', DEFAULT_LOCATION)
    .description('try each operation of a storage location, from where the API runs')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).locations.verb(name, 'check');
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
