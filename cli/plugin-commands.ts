import { Command, Option } from 'commander';

import {
  clientOf,
  type GlobalOptions,
  withApi,
  withHeaders,
  withOutput,
} from './global-options.ts';
import { present } from './item-flags.ts';
import { note, print } from './output/print.ts';
import { pluginsTable, pluginText } from './plugin-output.ts';
import { type Language, LANGUAGES, ScaffoldError, writeScaffold } from './plugin-scaffold.ts';

interface PluginOptions extends Omit<GlobalOptions, 'location'> {
  readonly cluster?: string;
}

interface RegisterOptions extends PluginOptions {
  readonly unavailableTimeout?: string;
  readonly callTimeout?: string;
}

interface NewOptions {
  readonly language: Language;
  readonly name?: string;
}

/** `plugin …`: new, register, get, describe, remove. */
export function pluginCommand(): Command {
  return new Command('plugin')
    .description('begin plugins, and say which take part in the runs of a cluster')
    .addCommand(newCommand())
    .addCommand(registerCommand())
    .addCommand(getCommand())
    .addCommand(describeCommand())
    .addCommand(removeCommand());
}

function newCommand(): Command {
  return new Command('new')
    .argument('<folder>', 'empty, or not there yet')
    .description('begin a plugin: write one that runs, to be changed')
    .addOption(
      new Option('--language <language>', 'what it is written in')
        .choices(LANGUAGES)
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'name of the plugin; that of the folder by default')
    .action(async (folder: string, options: NewOptions, self: Command) => {
      try {
        const name = await writeScaffold({ folder, ...options });
        process.stderr.write(
          `${folder} holds the plugin ${name}; its README.md says how to run it\n`,
        );
      } catch (error) {
        if (error instanceof ScaffoldError) {
          self.error(`error: ${error.message}`);
        }
        throw error;
      }
    });
}

function registerCommand(): Command {
  return ofCluster('register')
    .argument('<name>')
    .description('register a plugin whose worker runs, or register it anew')
    .option('--unavailable-timeout <duration>', 'how long runs wait for its worker; 10m by default')
    .option('--call-timeout <duration>', 'how long one call may take; 5m by default')
    .action(async (name: string, options: RegisterOptions) => {
      const { cluster, unavailableTimeout, callTimeout } = options;
      const spec = present({ cluster, unavailableTimeout, callTimeout });
      const plugin = await clientOf(options).plugins.register({ metadata: { name }, spec });
      print(plugin, options, { text: () => pluginText(plugin) });
      note(options, `plugin ${name} is registered\n`);
    });
}

function getCommand(): Command {
  return withHeaders(ofCluster('get'))
    .argument('[name]')
    .description('list the plugins of a cluster, or show one')
    .action(async (name: string | undefined, options: PluginOptions) => {
      const { plugins } = clientOf(options);
      if (name !== undefined) {
        const plugin = await plugins.get(name, options.cluster);
        print(plugin, options, { table: pluginsTable([plugin]) });
        return;
      }
      const list = await plugins.list(options.cluster);
      print(list, options, { table: pluginsTable(list.items) });
      if (list.items.length === 0) {
        note(options, 'no plugin is registered; register one with: holdfast plugin register\n');
      }
    });
}

function describeCommand(): Command {
  return ofCluster('describe')
    .argument('<name>')
    .description('show everything about a plugin, which is asked whether it is there')
    .action(async (name: string, options: PluginOptions) => {
      const plugin = await clientOf(options).plugins.get(name, options.cluster);
      print(plugin, options, { text: () => pluginText(plugin) });
    });
}

function removeCommand(): Command {
  return withApi(clusterCommand('remove'))
    .argument('<name>')
    .description('forget a plugin; what it did in backups stays as it is')
    .action(async (name: string, options: PluginOptions) => {
      await clientOf(options).plugins.remove(name, options.cluster);
      note(options, `plugin ${name} is removed\n`);
    });
}

function ofCluster(name: string): Command {
  return withOutput(withApi(clusterCommand(name)));
}

function clusterCommand(name: string): Command {
  return new Command(name).option(
    '--cluster <name>',
    'the cluster, by the name that its workers serve',
  );
}
