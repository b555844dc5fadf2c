import { Command, InvalidArgumentError, Option } from 'commander';

import { type DevOptions, runDev } from './dev.ts';

/** `dev`: the whole of Holdfast on this machine. */
export function devCommand(): Command {
  return new Command('dev')
    .description('run Temporal, the workers and the API on this machine')
    .addOption(
      new Option('--temporal-address <host:port>', 'use this Temporal server, and start none').env(
        'TEMPORAL_ADDRESS',
      ),
    )
    .option('--temporal-ui <url>', 'where the UI of that server is, for links')
    .option('--location <place>', 'a folder, or s3://bucket/prefix', '.dev/location')
    .option('--s3-endpoint <url>', 'the S3 server, if it is not AWS')
    .option('--s3-region <name>', 'the region of the bucket')
    .option('--s3-ca-file <file>', 'certificate authority of the S3 server')
    .option('--port <number>', 'port of the API', portOf, 8080)
    .option('--cluster <name>', 'name of the cluster', 'local')
    .option('--kubeconfig <file>', 'kubeconfig of the cluster; found as kubectl does when left out')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--data-dir <folder>', 'where the Temporal server keeps its database', '.dev')
    .option('--verbose', 'show the log of every process')
    .action((options: DevOptions) => runDev(options));
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('it must be a port number');
  }
  return port;
}
