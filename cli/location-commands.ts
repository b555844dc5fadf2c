import { Command } from 'commander';

import { DEFAULT_LOCATION } from '../domain/storage-location.ts';
import { exitCodeOfLocation } from './exit-codes.ts';
import {
  clientOf,
  type GlobalOptions,
  withApi,
  withHeaders,
  withOutput,
} from './global-options.ts';
import { checksText, locationsTable, locationText, writtenText } from './location-output.ts';
import {
  locationFields,
  type LocationFlags,
  locationSpec,
  withLocationFields,
} from './location-flags.ts';
import { printOneOrAll } from './output/one-or-all.ts';
import { note, print } from './output/print.ts';

type Options = Omit<GlobalOptions, 'location'>;

/** `location …`: create, replace, set, get, describe, check, adopt, delete. */
export function locationCommand(): Command {
  return new Command('location')
    .description('keep, show and forget storage locations, and check what they can do')
    .addCommand(writeCommand('create', 'check a storage location and keep it'))
    .addCommand(writeCommand('replace', 'give a storage location another spec'))
    .addCommand(setCommand())
    .addCommand(getCommand())
    .addCommand(describeCommand())
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
        print(location, options, { message: () => writtenText(location) });
      },
    );
}

function setCommand(): Command {
  return withLocationFields(withOutput(withApi(new Command('set'))))
    .argument('<name>')
    .description('change fields of a storage location; --set FIELD=null takes one away')
    .option('--no-check', 'keep it whatever its operations do')
    .action(
      async (
        name: string,
        options: Options & LocationFlags & { readonly check: boolean },
        self: Command,
      ) => {
        const spec = await locationFields(options);
        if (Object.keys(spec).length === 0) {
          self.error('error: there is nothing to change; name a field with a flag');
        }
        const location = await clientOf(options).locations.change(name, spec, options.check);
        print(location, options, { message: () => writtenText(location) });
      },
    );
}

function adoptCommand(): Command {
  return withOutput(withApi(new Command('adopt')))
    .argument('<name>')
    .description('take a storage location over from another Holdfast, which writes to it no more')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).locations.verb(name, 'adopt');
      print(location, options, {
        message: () => `storage location ${name} belongs to this Holdfast now\n`,
      });
    });
}

function deleteCommand(): Command {
  return withApi(new Command('delete'))
    .argument('<name>')
    .description('forget a storage location; what is in it stays')
    .action(async (name: string, options: Options) => {
      await clientOf(options).locations.delete(name);
      note(options, `storage location ${name} is forgotten; what is in it stays\n`);
    });
}

function getCommand(): Command {
  return withHeaders(withOutput(withApi(new Command('get'))))
    .argument('[name]')
    .description('list the storage locations, or show one')
    .action(async (name: string | undefined, options: Options) => {
      const { locations } = clientOf(options);
      await printOneOrAll(name, options, {
        list: () => locations.list(),
        get: (one) => locations.get(one),
        table: locationsTable,
      });
    });
}

function describeCommand(): Command {
  return withOutput(withApi(new Command('describe')))
    .argument('<name>')
    .description('show everything about a storage location')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).locations.get(name);
      print(location, options, { text: () => locationText(location) });
    });
}

function checkCommand(): Command {
  return withOutput(withApi(new Command('check')))
    .argument('[name]', 'the location', DEFAULT_LOCATION)
    .description('try each operation of a storage location, from where the API runs')
    .action(async (name: string, options: Options) => {
      const location = await clientOf(options).locations.verb(name, 'check');
      print(location, options, { text: () => checksText(location) });
      process.exitCode = exitCodeOfLocation(location.status?.phase ?? 'Unavailable');
    });
}
