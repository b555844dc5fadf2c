import { Command } from 'commander';

import { RELEASE } from '../domain/release.ts';
import { clientOf, type GlobalOptions, withApi, withNamelessOutput } from './global-options.ts';
import { print } from './output/print.ts';
import { statusText } from './status-output.ts';

interface StatusOptions extends Omit<GlobalOptions, 'location'> {
  readonly cluster?: string;
}

/** `status`: how the parts of the installation are. */
export function statusCommand(): Command {
  return withNamelessOutput(withApi(new Command('status')))
    .description('show Temporal, the workers and the storage locations, and which of them answer')
    .option('--cluster <name>', 'a cluster to look for beside those that Temporal tells of')
    .action(async (options: StatusOptions) => {
      const status = await clientOf(options).installation.status(options.cluster);
      print(status, options, { text: () => statusText(status) });
    });
}

/** `version`: that of the command line, and that of the API. */
export function versionCommand(): Command {
  return withNamelessOutput(withApi(new Command('version')))
    .description('show the version of the command line and of the API')
    .option('--client', 'of the command line alone')
    .action(async (options: StatusOptions & { readonly client?: true }) => {
      const server =
        options.client === true
          ? undefined
          : (await clientOf(options).installation.status()).version;
      const commit = process.env['HOLDFAST_REVISION'];
      const versions = {
        client: RELEASE,
        ...(commit === undefined ? {} : { commit }),
        ...(server === undefined ? {} : { server }),
      };
      print(versions, options, {
        text: () =>
          Object.entries(versions)
            .map(([side, version]) => `${`${side}:`.padEnd(8)}${version}\n`)
            .join(''),
      });
    });
}
