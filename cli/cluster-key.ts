import { type Command, Option } from 'commander';

import { Failure, FAILURE_CODES, httpStatusOf } from '../domain/failure.ts';
import { exitCodeOfProblem } from './exit-codes.ts';
import { FileExistsError } from './save-file.ts';

/** The cluster whose key is meant. */
export interface ClusterOptions {
  readonly namespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Adds the flags of `ClusterOptions`. */
export function withCluster(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --namespace <name>', "Holdfast's own namespace")
        .env('HOLDFAST_NAMESPACE')
        .default('holdfast'),
    )
    .option('--kubeconfig <file>', 'kubeconfig of the cluster; found as kubectl does when left out')
    .option('--context <name>', 'context of the kubeconfig');
}

/** The client of a cluster is large, and few commands need it. */
export async function openKeys({ context, kubeconfig }: ClusterOptions) {
  const [{ openCluster }, masterKey, { opensRepository }] = await Promise.all([
    import('../activities/kubernetes/client.ts'),
    import('../activities/volumes/master-key.ts'),
    import('../activities/volumes/try-master-key.ts'),
  ]);
  return { cluster: openCluster(context, kubeconfig), masterKey, opensRepository };
}

/** Tells what failed, with the status that says of what kind it is. */
export async function told(self: Command, run: () => Promise<void>): Promise<void> {
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
    process.exitCode = exitCodeOfProblem({ status: httpStatusOf(error.code) });
  }
}
