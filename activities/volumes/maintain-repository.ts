import { Failure } from '../../domain/failure.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';
import type { EngineRun, RepositoryAccess } from '../engine/port.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type {
  CheckRepositoryInput,
  RepositoryLocks,
  UnlessLocked,
  UnlockRepositoryInput,
} from '../repository-contract.ts';
import { maintenanceRun, type MaintenanceTools, repositoryAccess } from './repository-access.ts';

/** See `RepositoryActivities.listRepositoryLocks`. */
export function listRepositoryLocks(
  tools: MaintenanceTools,
  input: RepositoryKey,
): Promise<RepositoryLocks> {
  return atRepository(tools, input, async (repository, run) => {
    if (repository.location.readOnly === true) {
      return { isThere: false, locks: [] };
    }
    try {
      return { isThere: true, locks: await tools.engine.locks(repository, run) };
    } catch (error) {
      if (error instanceof Failure && error.code === 'repository-missing') {
        return { isThere: false, locks: [] };
      }
      throw error;
    }
  });
}

/** See `RepositoryActivities.unlockRepository`. */
export function unlockRepository(
  tools: MaintenanceTools,
  input: UnlockRepositoryInput,
): Promise<UnlessLocked<unknown>> {
  return atRepository(tools, input, async (repository, run) => {
    const locks = await tools.engine.locks(repository, run);
    if (locks.some((lock) => !input.locks.includes(lock))) {
      return { kind: 'Locked' };
    }
    await tools.engine.unlock(repository, run);
    return { kind: 'Done' };
  });
}

/** See `RepositoryActivities.checkRepository`. */
export function checkRepository(
  tools: MaintenanceTools,
  input: CheckRepositoryInput,
): Promise<UnlessLocked<unknown>> {
  return atRepository(tools, input, (repository, run) =>
    unlessLocked(async () => {
      const readData = { part: input.part, of: input.of };
      const check = await tools.engine.check({ repository, readData }, run);
      const { errorCount, damagedPacks } = check;
      if (errorCount > 0) {
        const packs = String(damagedPacks.length);
        const text = `a check found ${String(errorCount)} errors and ${packs} damaged packs; nothing is removed from the repository any more`;
        throw new Failure('repository-damaged', text, { subject: repository.path });
      }
      return {};
    }),
  );
}

/** See `RepositoryActivities.pruneRepository`. */
export function pruneRepository(
  tools: MaintenanceTools,
  input: RepositoryKey,
): Promise<UnlessLocked<unknown>> {
  return atRepository(tools, input, (repository, run) =>
    unlessLocked(async () => {
      await tools.engine.prune(repository, run);
      return {};
    }),
  );
}

/** Runs a part of the maintenance on a repository, with a heartbeat. */
export function atRepository<Result>(
  tools: MaintenanceTools,
  input: RepositoryKey,
  work: (repository: RepositoryAccess, run: EngineRun) => Promise<Result>,
): Promise<Result> {
  return withHeartbeat(async (long) =>
    work(await repositoryAccess(tools, input), maintenanceRun(long, input)),
  );
}

/** Makes an answer of a lock that is in the way: what to do about it is decided by who has the lease. */
export async function unlessLocked<Result extends object>(
  run: () => Promise<Result>,
): Promise<UnlessLocked<Result>> {
  try {
    return { kind: 'Done', ...(await run()) };
  } catch (error) {
    if (error instanceof Failure && error.code === 'repository-locked') {
      return { kind: 'Locked' };
    }
    throw error;
  }
}
