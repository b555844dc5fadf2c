import { setTimeout as sleep } from 'node:timers/promises';

import { Command } from 'commander';

import type { ReconciliationResource } from '../domain/reconciliation.ts';
import { EXIT } from './exit-codes.ts';
import {
  apiOf,
  clientOf,
  type GlobalOptions,
  withNamelessOutput,
  withServer,
} from './global-options.ts';
import { print } from './output/print.ts';
import { reconciliationText } from './reconcile-output.ts';

/** Pause between two looks, in milliseconds. */
const POLL_MS = 500;

interface Options extends GlobalOptions {
  readonly cluster?: string;
  readonly remove?: true;
}

/** `reconcile`: finds what dead runs have left, and with `--remove` removes it. */
export function reconcileCommand(): Command {
  return withNamelessOutput(withServer(new Command('reconcile')))
    .description('find what dead runs have left in a location')
    .option('--remove', 'remove what is found')
    .option(
      '--cluster <name>',
      'the cluster whose runs are meant, by the name that its workers serve',
    )
    .action(async (options: Options) => {
      const resource = await untilEnd(options);
      print(resource, options, { text: () => reconciliationText(resource) });
      process.exitCode = exitCodeOfReconciliation(resource);
    });
}

async function untilEnd({ cluster, remove, ...options }: Options): Promise<ReconciliationResource> {
  const client = clientOf(options);
  let resource = await client.locations.reconcile({
    spec: {
      removal: remove === true ? 'All' : 'None',
      ...(cluster === undefined ? {} : { cluster }),
    },
  });
  // Of any location: the one that is meant is in the path.
  const looker = apiOf(options);
  while (resource.status.phase === 'InProgress') {
    await sleep(POLL_MS);
    resource = await looker.locations.reconciliation(
      resource.metadata.location,
      resource.spec.cluster,
    );
  }
  return resource;
}

/** Orphans that stay are no failure, unless somebody wanted them removed. */
function exitCodeOfReconciliation({ status }: ReconciliationResource): number {
  if (status.phase === 'Failed') {
    return EXIT.failed;
  }
  const hasFailed = status.orphans?.some(({ outcome }) => outcome === 'Failed');
  return hasFailed === true ? EXIT.partiallyFailed : EXIT.ok;
}
