import { BACKUPS_PREFIX, RESTORES_PREFIX } from '../../domain/object-key.ts';
import type { FoundOrphans, Orphan } from '../../domain/orphan.ts';
import { runFolders } from '../../storage/run-folders.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';
import { leftChecks } from './left-checks.ts';
import { leftDeletions } from './left-deletions.ts';
import { leftInFolder, type ReconcileDeps } from './left-in-folder.ts';
import { leftPods } from './left-pods.ts';
import { leftUploads } from './left-uploads.ts';

type Deps = ReconcileDeps & Pick<Dependencies, 'cluster'>;

/** Orphans that one look finds: as many as fit into a result. */
const ORPHANS_MAX = 100;

/** See `ReconcileActivities.findOrphans`. */
export function findOrphans(deps: Deps, input: FindOrphansInput): Promise<FoundOrphans> {
  return withHeartbeat(async (long) => {
    const orphans: Orphan[] = [];
    for await (const orphan of allOrphans(deps, input, long)) {
      if (orphans.length === ORPHANS_MAX) {
        return { orphans, isMore: true };
      }
      orphans.push(orphan);
    }
    return { orphans, isMore: false };
  });
}

async function* allOrphans(
  deps: Deps,
  input: FindOrphansInput,
  { signal, report }: LongWork,
): AsyncGenerator<Orphan> {
  const store = deps.store(input.location);
  yield* leftDeletions(deps, input);
  for await (const { orphan } of leftUploads(deps, input)) {
    yield orphan;
  }
  for (const { orphan } of [
    ...(await leftChecks(store)),
    ...(await leftPods(deps, input, signal)),
  ]) {
    yield orphan;
  }
  const kinds = [
    { kind: 'Backup', prefix: BACKUPS_PREFIX },
    { kind: 'Restore', prefix: RESTORES_PREFIX },
  ] as const;
  let itemsDone = 0;
  for (const { kind, prefix } of kinds) {
    for await (const folder of runFolders(store, prefix)) {
      signal.throwIfAborted();
      yield* await leftInFolder(deps, input, { kind, folder });
      itemsDone += 1;
      report({ itemsDone, bytesDone: 0 });
    }
  }
}
