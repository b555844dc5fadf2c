import { backupKeys, BACKUPS_PREFIX } from '../../domain/object-key.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import type { FoundOrphans, Orphan } from '../../domain/orphan.ts';
import { repositoriesOf, repositoryPath } from '../../domain/volumes/repository.ts';
import type { RepositoryKey } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { runFolders } from '../../storage/run-folders.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';
import { readCopyRecords } from '../volumes/copy-records.ts';
import { lookForSnapshots } from '../volumes/forget-snapshots.ts';
import {
  maintenanceRun,
  type MaintenanceTools,
  repositoryAccess,
} from '../volumes/repository-access.ts';

/** Orphans that one look finds. */
const ORPHANS_MAX = 50;

type Tools = MaintenanceTools & { readonly cluster: Pick<Dependencies['cluster'], 'identity'> };

/** The snapshots that records of backups name, with one of these, by namespace. */
type Named = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** See `ReconcileActivities.findSnapshotOrphans`. */
export function findSnapshotOrphans(tools: Tools, input: FindOrphansInput): Promise<FoundOrphans> {
  return withHeartbeat(async (long) => {
    const store = tools.store(input.location);
    const { uid: clusterUid } = await tools.cluster.identity();
    // Before the snapshots: what a record names is there until the record is gone.
    const named = await namedSnapshots(store, clusterUid, long);
    const namespaces = new Set(named.keys());
    for await (const folders of store.listFolders(repositoriesOf(clusterUid))) {
      folders.forEach((folder) => namespaces.add(folder.slice(0, -1)));
    }
    const orphans: Orphan[] = [];
    for (const namespace of [...namespaces].sort()) {
      const repository = { location: input.location, clusterUid, namespace };
      const ofNamespace = named.get(namespace) ?? new Map<string, string>();
      orphans.push(...(await inRepository(tools, repository, { named: ofNamespace, long })));
    }
    return { orphans: orphans.slice(0, ORPHANS_MAX), isMore: orphans.length > ORPHANS_MAX };
  });
}

async function namedSnapshots(
  store: ObjectStore,
  clusterUid: string,
  { signal, report }: LongWork,
): Promise<Named> {
  const named = new Map<string, Map<string, string>>();
  let itemsDone = 0;
  for await (const { name, files } of runFolders(store, BACKUPS_PREFIX)) {
    signal.throwIfAborted();
    const { record, volumes } = backupKeys(name);
    const isRead = files.has(record) && files.has(volumes);
    for (const copied of isRead ? await readCopyRecords(store, name) : []) {
      if (copied.clusterUid === clusterUid && copied.copy.outcome !== 'Empty') {
        const ofNamespace = named.get(copied.namespace) ?? new Map<string, string>();
        named.set(copied.namespace, ofNamespace);
        ofNamespace.set(copied.copy.snapshot.snapshotId, name);
      }
    }
    itemsDone += 1;
    report({ itemsDone, bytesDone: 0 });
  }
  return named;
}

interface Look {
  readonly named: ReadonlyMap<string, string>;
  readonly long: LongWork;
}

/** What cannot be looked into is told, and hides nothing else. */
async function inRepository(
  tools: Tools,
  repository: RepositoryKey,
  look: Look,
): Promise<Orphan[]> {
  try {
    return await compare(tools, repository, look);
  } catch (error) {
    if (error instanceof Failure && CLOSED_CODES.has(error.code)) {
      const { clusterUid, namespace } = repository;
      const place = repositoryPath(clusterUid, namespace);
      return [{ kind: 'UnreadableRepository', place, reason: `${error.code}: ${error.message}` }];
    }
    throw error;
  }
}

/** Failures of one repository that another attempt does not change. */
const CLOSED_CODES: ReadonlySet<FailureCode> = new Set([
  ...(['master-key-missing', 'master-key-not-usable', 'repository-password'] as const),
  ...(['repository-damaged', 'engine-not-usable'] as const),
]);

async function compare(
  tools: Tools,
  repository: RepositoryKey,
  { named, long }: Look,
): Promise<Orphan[]> {
  const store = tools.store(repository.location);
  const access = await repositoryAccess(tools, repository);
  const run = maintenanceRun(long, repository);
  const { all, left } = await lookForSnapshots(tools, { key: repository, access, run });
  const place = access.path;
  const orphans: Orphan[] = [];
  if (left.length > 0) {
    const reason = `no record of a backup and no claim refers to ${String(left.length)} of ${String(all.length)} snapshots`;
    const { clusterUid, namespace } = repository;
    orphans.push({
      ...{ kind: 'LeftSnapshots', place, reason, objects: left.length },
      repository: { clusterUid, namespace },
    });
  }
  const there = new Set(all);
  for (const [snapshotId, backup] of named) {
    // A backup that was deleted since names nothing any more.
    if (!there.has(snapshotId) && (await store.head(backupKeys(backup).record)) !== undefined) {
      const reason = `the backup ${backup} names the snapshot ${snapshotId}, which is not there: a volume of it cannot be restored`;
      orphans.push({ kind: 'MissingSnapshot', place, reason });
    }
  }
  return orphans;
}
