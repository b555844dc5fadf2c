import { type Command, Option } from 'commander';

import { ApiClient } from './client/api-client.ts';
import { type Format, FORMATS } from './output.ts';

/** Where a command sends its requests. */
export interface ServerOptions {
  readonly server: string;
  readonly location?: string;
}

/** What every command takes that prints what the API answered. */
export interface GlobalOptions extends ServerOptions {
  readonly output: Format;
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

/** Adds the flag that names the API. */
export function withApi(command: Command): Command {
  return command.addOption(
    new Option('--server <url>', 'the API').env('HOLDFAST_SERVER').default('http://127.0.0.1:8080'),
  );
}

/** Adds the flag that says how to print. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table'),
  );
}

/** The API that a command is for. */
export function clientOf({ server, location }: ServerOptions): ApiClient {
  return new ApiClient(server, location);
}
