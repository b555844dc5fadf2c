import { Command, Option } from 'commander';

import { Failure, FAILURE_CODES, isRetried } from '../domain/failure.ts';
import { EXIT } from './exit-codes.ts';
import { FileExistsError, requireFree, saveFile } from './save-file.ts';
import { readSource } from './yaml-object.ts';

/** A key opens every copy of a volume: the file is for its owner alone. */
const OWNER_ONLY = 0o600;

/** The cluster whose key is meant. */
interface ClusterOptions {
  readonly namespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

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

function withCluster(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --namespace <name>', "Holdfast's own namespace")
        .env('HOLDFAST_NAMESPACE')
        .default('holdfast'),
    )
    .option('--kubeconfig <file>', 'kubeconfig of the cluster; found as kubectl does when left out')
    .option('--context <name>', 'context of the kubeconfig');
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

/** The client of a cluster is large, and no other command needs it. */
async function openKeys({ context, kubeconfig }: ClusterOptions) {
  const [{ openCluster }, masterKey] = await Promise.all([
    import('../activities/kubernetes/client.ts'),
    import('../activities/volumes/master-key.ts'),
  ]);
  return { cluster: openCluster(context, kubeconfig), masterKey };
}

/** Tells what failed, with the status that says of what kind it is. */
async function told(self: Command, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof FileExistsError) {
      self.error(`error: ${error.message}`);
    }
    if (!(error instanceof Failure)) {
      throw error;
    }
    if (FAILURE_CODES[error.code].type === 'InvalidRequest') {
      self.error(`error: ${error.message}`);
    }
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = isRetried(error.code) ? EXIT.unreachable : EXIT.refused;
  }
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
