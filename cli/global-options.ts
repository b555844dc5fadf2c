import { type Command, Option } from 'commander';

import { ApiClient } from './client/api-client.ts';
import type { ApiAddress } from './client/transport.ts';
import { connect, serverName } from './connection/connection.ts';
import type { ConnectionOptions } from './connection/contract.ts';
import { FORMATS, NAMELESS_FORMATS, readFormat, readNamelessFormat } from './output/format.ts';
import type { PrintOptions } from './output/print.ts';

/** Where a command sends its requests. */
export interface ServerOptions extends ConnectionOptions {
  /** Holdfast's own, where the flag has its short name. */
  readonly namespace?: string;
  readonly location?: string;
  readonly quiet?: true;
}

/** What every command takes that prints what the API answered. */
export interface GlobalOptions extends ServerOptions, PrintOptions {
  readonly quiet?: true;
}

/** The flag that names Holdfast's own namespace; the long one where the short one is about items. */
type NamespaceFlag = '-n, --namespace' | typeof LONG_NAMESPACE;
export const LONG_NAMESPACE = '--holdfast-namespace';

/** Adds the flags of `ServerOptions`. */
export function withServer(command: Command, namespaceFlag?: NamespaceFlag): Command {
  return withApi(command, namespaceFlag).option(
    '--location <name>',
    'the storage location; the default one when left out',
  );
}

/** Adds the flags of `GlobalOptions`. */
export function withGlobals(command: Command, namespaceFlag?: NamespaceFlag): Command {
  return withOutput(withServer(command, namespaceFlag));
}

/** Adds the flags that name the way to the API, and the one that keeps a command from talking. */
export function withApi(
  command: Command,
  namespaceFlag: NamespaceFlag = '-n, --namespace',
): Command {
  return command
    .addOption(
      new Option(
        '--server <url>',
        'the API; that of the cluster when left out, or http://127.0.0.1:8080 without a kubeconfig',
      ).env('HOLDFAST_SERVER'),
    )
    .addOption(new Option('--token <token>', 'a bearer token for the API').env('HOLDFAST_TOKEN'))
    .option('--token-file <file>', 'a file with a bearer token')
    .option('--ca <file>', 'certificates of the authority that the API is trusted by')
    .option('--kubeconfig <file>', 'kubeconfig of the cluster of the API; found as by kubectl')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(
      new Option(`${namespaceFlag} <name>`, "Holdfast's own namespace in that cluster")
        .env('HOLDFAST_NAMESPACE')
        .default('holdfast'),
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

/** The API that a command is for, and the location. */
export function clientOf(options: ServerOptions): ApiClient {
  return new ApiClient(addressOf(options), options.location);
}

/** The API that a command is for, whatever the location. */
export function apiOf(options: ConnectionOptions & { readonly namespace?: string }): ApiClient {
  return new ApiClient(addressOf(options), undefined);
}

function addressOf(options: ConnectionOptions & { readonly namespace?: string }): ApiAddress {
  const { namespace = 'holdfast', ...rest } = options;
  const connection = { holdfastNamespace: namespace, ...rest };
  return { name: serverName(connection), connect: () => connect(connection) };
}
