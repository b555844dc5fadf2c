import { type Command, Option } from 'commander';

import { ApiClient } from './client/api-client.ts';
import { FORMATS, NAMELESS_FORMATS, readFormat, readNamelessFormat } from './output/format.ts';
import type { PrintOptions } from './output/print.ts';

/** Where a command sends its requests. */
export interface ServerOptions {
  readonly server: string;
  readonly location?: string;
  readonly quiet?: true;
}

/** What every command takes that prints what the API answered. */
export interface GlobalOptions extends ServerOptions, PrintOptions {
  readonly quiet?: true;
}

/** Adds the flags of `ServerOptions`. */
export function withServer(command: Command): Command {
  return withApi(command).option(
    '--location <name>',
    'the storage location; the default one when left out',
  );
}

/** Adds the flags of `GlobalOptions`. */
export function withGlobals(command: Command): Command {
  return withOutput(withServer(command));
}

/** Adds the flag that names the API, and the one that keeps a command from talking. */
export function withApi(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'the API')
        .env('HOLDFAST_SERVER')
        .default('http://127.0.0.1:8080'),
    )
    .option('-q, --quiet', 'say nothing but data, warnings and errors');
}

/** Adds the flag that says how to print. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', `how to print: ${FORMATS}`)
      .argParser(readFormat)
      .default('table'),
  );
}

/** Adds the flag that says how to print what has no name. */
export function withNamelessOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', `how to print: ${NAMELESS_FORMATS}`)
      .argParser(readNamelessFormat)
      .default('table'),
  );
}

/** Adds the flag of what prints rows. */
export function withHeaders(command: Command): Command {
  return command.option('--no-headers', 'print no line of headings');
}

/** Adds the flags of what prints rows of something that has labels. */
export function withLabels(command: Command): Command {
  return withHeaders(command)
    .option('--show-labels', 'show all labels, as the last column')
    .addOption(
      new Option(
        '-L, --label-columns <keys>',
        'labels that get a column each, separated by commas',
      ).argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        ...text.split(','),
      ]),
    );
}

/** The API that a command is for. */
export function clientOf({ server, location }: ServerOptions): ApiClient {
  return new ApiClient(server, location);
}
