import { Command } from 'commander';

import { clientOf, type ServerOptions, withServer } from './global-options.ts';
import { present } from './item-flags.ts';
import { note } from './output/print.ts';
import { FileExistsError, requireFree, saveFile } from './save-file.ts';

interface DebugOptions extends ServerOptions {
  readonly cluster?: string;
  readonly backup?: string;
  readonly restore?: string;
  readonly outputFile: string;
  readonly force?: true;
}

/** `debug`: saves a bundle for whoever helps. */
export function debugCommand(): Command {
  return withServer(new Command('debug'))
    .description('save what helps others to find out what is wrong, without secrets')
    .option('--cluster <name>', 'the cluster, by the name that its workers serve')
    .option('--backup <name>', 'a backup that is told of in full')
    .option('--restore <name>', 'a restore that is told of in full')
    .option('-o, --output-file <file>', 'where to', 'holdfast-debug.tar.gz')
    .option('--force', 'replace a file that is there')
    .action(async (options: DebugOptions, self: Command) => {
      const { cluster, backup, restore, outputFile, force: isForced = false } = options;
      try {
        if (!isForced) {
          await requireFree(outputFile);
        }
        const body = clientOf(options).installation.debug(present({ cluster, backup, restore }));
        const sizeBytes = await saveFile(outputFile, body, { isForced });
        note(
          options,
          `${outputFile} has ${String(sizeBytes)} bytes; look at it before you send it\n`,
        );
      } catch (error) {
        throw error instanceof FileExistsError ? self.error(`error: ${error.message}`) : error;
      }
    });
}
