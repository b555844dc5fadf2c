import { log } from '@temporalio/activity';

import { bandwidthShare } from '../../domain/bandwidth.ts';
import type { CopyProgress } from '../../domain/run-status.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { EngineProgress, EngineRun, RepositoryAccess } from '../engine/port.ts';
import { repositoryPassword } from '../engine/repository-password.ts';
import type { LongWork } from '../heartbeat.ts';
import type { MoveVolumeInput } from '../volume-contract.ts';
import { readMasterKey } from '../volumes/master-key.ts';
import type { NodeDependencies } from './dependencies.ts';

/** Whose repository it is, and in which location. */
export interface RepositoryOwner {
  readonly location: string;
  readonly clusterUid: string;
  readonly namespace: string;
}

/** Where a repository lies, and its password, which is derived at this moment and kept nowhere. */
export async function repositoryAccess(
  { cluster, namespace: own, location }: NodeDependencies,
  owner: RepositoryOwner,
): Promise<RepositoryAccess> {
  const { clusterUid, namespace } = owner;
  return {
    location: location(owner.location),
    path: repositoryPath(clusterUid, namespace),
    password: repositoryPassword(await readMasterKey(cluster, own), { clusterUid, namespace }),
  };
}

/** How the engine is called for one volume of a run: its progress goes into the heartbeat. */
export function engineRun(
  { location, copiesMax }: Pick<NodeDependencies, 'location' | 'copiesMax'>,
  { signal, report }: Pick<LongWork, 'signal' | 'report'>,
  { runUid, volume: index, location: name }: MoveVolumeInput,
): EngineRun {
  return {
    key: `${runUid}.${String(index)}`,
    signal,
    limits: bandwidthShare(location(name), copiesMax),
    onProgress: (progress) => {
      report({ itemsDone: 0, bytesDone: progress.bytesDone, copy: beatOf(index, progress) });
    },
    onLog: (line) => {
      log.info('engine', { line, volume: index });
    },
  };
}

function beatOf(volume: number, progress: EngineProgress): CopyProgress {
  const { phase, filesDone, filesTotal, bytesTotal } = progress;
  return { volume, phase, filesDone, filesTotal, bytesTotal };
}
