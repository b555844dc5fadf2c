import { log } from '@temporalio/activity';

import { bandwidthShare } from '../../domain/bandwidth.ts';
import type { ActivityWait, HeartbeatProgress } from '../../domain/run-status.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { EngineProgress, EngineRun, EngineWait, RepositoryAccess } from '../engine/port.ts';
import { repositoryPassword } from '../engine/repository-password.ts';
import type { LongWork } from '../heartbeat.ts';
import { secretReader } from '../own-secrets.ts';
import { runLogTeller } from '../run-log/activity-log.ts';
import type { MoveVolumeInput } from '../volume-contract.ts';
import { readMasterKey } from '../volumes/master-key.ts';
import type { NodeDependencies } from './dependencies.ts';

/** What the engine waits for, in words for people. */
const WAITS = {
  Lock: 'another process locks the repository',
  Location: 'the storage location fails or does not answer',
  Movement: 'no byte has moved for a while',
} as const satisfies Record<EngineWait['what'], string>;

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
    readSecret: secretReader(cluster, own),
    password: repositoryPassword(await readMasterKey(cluster, own), { clusterUid, namespace }),
  };
}

/** How the engine is called for one volume of a run: its progress goes into the heartbeat. */
export function engineRun(
  { location, copiesMax }: Pick<NodeDependencies, 'location' | 'copiesMax'>,
  { signal, report }: Pick<LongWork, 'signal' | 'report'>,
  { runUid, volume: index, location: name }: MoveVolumeInput,
): EngineRun {
  const tell = runLogTeller();
  return {
    key: `${runUid}.${String(index)}`,
    signal,
    limits: bandwidthShare(location(name), copiesMax),
    onProgress: (progress) => {
      report(beatOf(index, progress));
    },
    onLog: (line) => {
      log.info('engine', { line, volume: index });
      tell({ level: 'info', source: 'engine', message: line, object: `volume ${String(index)}` });
    },
  };
}

/** What is told of a volume before the engine begins. */
export function unbegun(volume: number): HeartbeatProgress {
  const copy = { volume, phase: 'Opening', filesDone: 0, filesTotal: 0, bytesTotal: 0 };
  return { itemsDone: 0, bytesDone: 0, copy };
}

function beatOf(volume: number, progress: EngineProgress): HeartbeatProgress {
  const { phase, filesDone, filesTotal, bytesDone, bytesTotal, waitingFor } = progress;
  const copy = { volume, phase, filesDone, filesTotal, bytesTotal };
  return {
    ...{ itemsDone: 0, bytesDone, copy },
    ...(waitingFor === undefined ? {} : { waitingFor: inWords(waitingFor) }),
  };
}

function inWords({ what, since, deadline }: EngineWait): ActivityWait {
  return { reason: WAITS[what], since, deadline };
}
