import { log } from '@temporalio/activity';

import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';
import type { Dependencies } from '../dependencies.ts';
import type { EngineRun, RepositoryAccess } from '../engine/port.ts';
import { repositoryPassword } from '../engine/repository-password.ts';
import type { LongWork } from '../heartbeat.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { secretReader } from '../own-secrets.ts';
import { readMasterKey } from './master-key.ts';

/** What the maintenance of repositories needs. */
export type MaintenanceTools = Pick<Dependencies, 'engine' | 'location' | 'namespace' | 'store'> & {
  readonly cluster: Pick<Cluster, 'read'>;
};

/** How to reach a repository, with its password. Throws `master-key-missing` and `unknown-location`. */
export async function repositoryAccess(
  { cluster, location, namespace }: Omit<MaintenanceTools, 'engine' | 'store'>,
  repository: RepositoryKey,
): Promise<RepositoryAccess> {
  return {
    location: location(repository.location),
    path: repositoryPath(repository.clusterUid, repository.namespace),
    readSecret: secretReader(cluster, namespace),
    password: repositoryPassword(await readMasterKey(cluster, namespace), repository),
  };
}

/** How the engine runs for the maintenance of a repository; what it says goes to the log of the worker. */
export function maintenanceRun(
  { signal, report }: LongWork,
  { clusterUid, namespace }: RepositoryKey,
): EngineRun {
  return {
    key: `maintenance.${clusterUid}.${namespace}`,
    signal,
    onProgress: ({ bytesDone }) => {
      report({ itemsDone: 0, bytesDone });
    },
    onLog: (line) => {
      log.info('engine', { line, namespace });
    },
  };
}
