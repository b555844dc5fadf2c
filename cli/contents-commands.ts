import { Command, Option } from 'commander';

import { coverageText } from './coverage-output.ts';
import { parseExactly } from './exact-json.ts';
import { EXIT } from './exit-codes.ts';
import {
  clientOf,
  type GlobalOptions,
  LONG_NAMESPACE,
  type ServerOptions,
  withGlobals,
  withLabels,
  withNamelessOutput,
  withServer,
} from './global-options.ts';
import { type ItemFlags, present, warnOfMore, withItemFlags } from './item-flags.ts';
import { hooksCommand } from './hooks-command.ts';
import { itemName, itemsTable } from './items-output.ts';
import { dataText, note, print } from './output/print.ts';
import { FileExistsError, requireFree, saveFile } from './save-file.ts';

interface ItemsOptions extends ItemFlags {
  readonly selector?: string;
}

interface SecretsOptions extends ServerOptions {
  readonly revealSecrets?: true;
}

interface ItemOptions extends SecretsOptions {
  readonly namespace?: string;
  readonly output: 'json' | 'yaml';
}

interface DownloadOptions extends SecretsOptions {
  readonly outputFile?: string;
  readonly output?: string;
  readonly force?: true;
}

/** Adds to `backup …` what shows the contents of one: items, item, download, coverage, hooks. */
export function withContents(backup: Command): Command {
  return [
    itemsCommand(),
    itemCommand(),
    downloadCommand(),
    coverageCommand(),
    hooksCommand('backup', (client, name) => client.contents.backupHooks(name)),
  ].reduce((command, one) => command.addCommand(one), backup);
}

function itemsCommand(): Command {
  return withItemFlags(withLabels(withGlobals(new Command('items'), LONG_NAMESPACE)))
    .argument('<name>')
    .description('list what a backup holds')
    .option('-l, --selector <selector>', 'items with these labels: a=b,c!=d,e in (x,y)')
    .action(async (name: string, _options: unknown, self: Command) => {
      const options = self.opts<ItemsOptions>();
      const { type, namespace, selector: labelSelector, limit } = options;
      const query = present({ type, namespace, name: options.name, labelSelector });
      const list = await clientOf(options).contents.items(name, query, limit);
      print(list, options, {
        table: itemsTable(list.items),
        names: () => list.items.map(itemName),
      });
      if (list.items.length === 0) {
        note(
          options,
          `no item of the backup matches; a type is a plural, a kind or resource.group as in: holdfast backup coverage ${name}\n`,
        );
      }
      warnOfMore(list);
    });
}

function itemCommand(): Command {
  return withSecrets(withServer(new Command('item'), LONG_NAMESPACE))
    .argument('<name>')
    .argument('<type>', 'plural, kind or resource.group')
    .argument('<item>', 'name of the item')
    .description('show one item of a backup')
    .option('-n, --namespace <name>', 'namespace of the item, if it has one')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['yaml', 'json']).default('yaml'),
    )
    .action(async (...[name, type, item, , self]: [string, string, string, unknown, Command]) => {
      const options = self.opts<ItemOptions>();
      const query = { ...secretsQuery(options), ...present({ namespace: options.namespace }) };
      const json = await clientOf(options).contents.item(name, { type, item }, query);
      // As JSON it is printed as it was sent, to the digit.
      process.stdout.write(
        options.output === 'json' ? `${json}\n` : dataText(parseExactly(json), 'yaml'),
      );
    });
}

function downloadCommand(): Command {
  return withSecrets(withServer(new Command('download')))
    .argument('<name>')
    .description('download the tarball of a backup')
    .option('-o, --output-file <file>', 'where to; NAME-data.tar.gz by default')
    .addOption(new Option('--output <file>', "Velero's name of --output-file").hideHelp())
    .option('--force', 'replace a file that is there')
    .action(async (name: string, _options: unknown, self: Command) => {
      try {
        await download(name, self.opts());
      } catch (error) {
        throw error instanceof FileExistsError ? self.error(`error: ${error.message}`) : error;
      }
    });
}

function coverageCommand(): Command {
  return withNamelessOutput(withServer(new Command('coverage')))
    .argument('<name>')
    .description('show what a backup should hold, what it holds, and why they differ')
    .action(async (name: string, _options: unknown, self: Command) => {
      const options = self.opts<GlobalOptions>();
      const report = await clientOf(options).contents.coverage(name);
      print(report, options, { text: () => coverageText(report) });
    });
}

async function download(name: string, options: DownloadOptions): Promise<void> {
  const { outputFile, output, force: isForced = false } = options;
  const file = outputFile ?? output ?? `${name}-data.tar.gz`;
  if (!isForced) {
    await requireFree(file);
  }
  const interruption = new AbortController();
  process.once('SIGINT', () => {
    interruption.abort();
  });
  const body = clientOf(options).contents.download(
    name,
    secretsQuery(options),
    interruption.signal,
  );
  try {
    const sizeBytes = await saveFile(file, body, { isForced });
    note(options, `${file} has ${String(sizeBytes)} bytes\n`);
  } catch (error) {
    if (!interruption.signal.aborted) {
      throw error;
    }
    process.stderr.write('interrupted; nothing was saved\n');
    process.exitCode = EXIT.interrupted;
  }
}

function withSecrets(command: Command): Command {
  return command.option('--reveal-secrets', 'show values of Secrets, if the API is set up to');
}

function secretsQuery({ revealSecrets }: SecretsOptions): Record<string, string> {
  return revealSecrets === true ? { secrets: 'reveal' } : {};
}
