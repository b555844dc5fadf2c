import { Command } from 'commander';

import { type ClusterOptions, openKeys, told, withCluster } from './cluster-key.ts';
import { requireFree, saveFile } from './save-file.ts';
import { readSource } from './yaml-object.ts';

/** A key opens every copy of a volume: the file is for its owner alone. */
const OWNER_ONLY = 0o600;

interface ExportOptions extends ClusterOptions {
  readonly outputFile?: string;
  readonly force?: true;
}

/**
 * `keys …`: takes the master key out of a cluster, and puts it into another one. The only commands that talk to the
 * cluster, with the rights of their caller: the key passes through neither the API nor Temporal.
 */
export function keysCommand(): Command {
  return new Command('keys')
    .description('keep the master key, without which no data of volumes can be restored')
    .addCommand(exportCommand())
    .addCommand(importCommand());
}

function exportCommand(): Command {
  return withCluster(new Command('export'))
    .description('print the master key of a cluster')
    .option('-o, --output-file <file>', 'a new file, that only its owner can read')
    .option('--force', 'replace a file that is there')
    .action((options: ExportOptions, self: Command) => told(self, () => exportKey(options)));
}

function importCommand(): Command {
  return withCluster(new Command('import'))
    .argument('<file>', 'what was exported; "-" is standard input')
    .description('give a cluster without a master key the one that was exported')
    .action((file: string, options: ClusterOptions, self: Command) =>
      told(self, () => importKey(file, options)),
    );
}

async function exportKey(options: ExportOptions): Promise<void> {
  const { outputFile, force: isForced = false } = options;
  if (outputFile !== undefined && !isForced) {
    await requireFree(outputFile);
  }
  const { cluster, masterKey } = await openKeys(options);
  const text = `${await masterKey.readMasterKey(cluster, options.namespace)}\n`;
  await cluster.close();
  if (outputFile === undefined) {
    process.stdout.write(text);
  } else {
    await saveFile(outputFile, bytesOf(text), { isForced, mode: OWNER_ONLY });
    process.stderr.write(`${outputFile} holds the master key; keep it apart from the bucket\n`);
  }
}

async function importKey(file: string, options: ClusterOptions): Promise<void> {
  const { content } = await readSource(file);
  const { cluster, masterKey } = await openKeys(options);
  const { namespace } = options;
  const done = await masterKey.importMasterKey(cluster, namespace, content);
  await cluster.close();
  const words = done === 'created' ? 'has the master key now' : 'has this master key already';
  process.stderr.write(`the namespace ${namespace} ${words}\n`);
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
