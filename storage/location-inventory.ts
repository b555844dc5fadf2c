import pLimit from 'p-limit';

import { compareText } from '../domain/compare-text.ts';
import { recordTime } from '../domain/duration.ts';
import type { ClusterHoldings, Holdings, RepositorySample } from '../domain/location-inventory.ts';
import { repositoriesOf, repositoryPath } from '../domain/volumes/repository.ts';
import { backupNames } from './catalogue.ts';
import { type EndedBackup, endedBackups } from './ended-backups.ts';
import type { ObjectStore } from './object-store/port.ts';
import { readAll } from './object-store/read-all.ts';
import { listSchedules, readSchedule } from './schedule-files.ts';

const READS_IN_FLIGHT = 16;
/** Repositories of one cluster that a master key is tried on. */
const SAMPLES_MAX = 10;
/** Files of keys of one repository; Holdfast makes one. */
const KEY_FILES_MAX = 5;
/** Size of the largest of them, in bytes; restic's have some 500. */
const KEY_FILE_BYTES_MAX = 16 * 1024;

/** What is gathered of the clusters of one name. */
interface Found {
  readonly uids: Set<string>;
  readonly schedules: string[];
  backups: number;
  newest?: EndedBackup;
}

/**
 * Whose backups, schedules and repositories a location holds. Reads the record of every backup, a page of them at a time:
 * besides that page only names are in memory.
 */
export async function readInventory(store: ObjectStore): Promise<Holdings> {
  const found = new Map<string, Found>();
  const of = (cluster: string): Found => {
    const holdings = found.get(cluster) ?? { uids: new Set(), schedules: [], backups: 0 };
    found.set(cluster, holdings);
    return holdings;
  };
  let ended = 0;
  for await (const page of endedBackups(store)) {
    ended += page.length;
    for (const backup of page) {
      add(of(backup.cluster), backup);
    }
  }
  for (const { name, cluster } of await schedulesOf(store)) {
    of(cluster).schedules.push(name);
  }
  const total = (await backupNames(store)).length;
  const clusters: ClusterHoldings[] = [];
  for (const [name, holdings] of [...found].sort(([a], [b]) => compareText(a, b))) {
    clusters.push({ name, ...(await holdingsOf(store, holdings)) });
  }
  return { clusters, otherBackups: Math.max(0, total - ended) };
}

function add(found: Found, backup: EndedBackup): void {
  const { phase, startMs, clusterUid } = backup;
  found.backups += 1;
  found.uids.add(clusterUid);
  const isUsable = phase === 'Completed' || phase === 'PartiallyFailed';
  if (isUsable && startMs > (found.newest?.startMs ?? Number.NEGATIVE_INFINITY)) {
    found.newest = backup;
  }
}

async function schedulesOf(store: ObjectStore): Promise<{ name: string; cluster: string }[]> {
  const names = await listSchedules(store);
  const reads = await pLimit(READS_IN_FLIGHT).map(names, async (name) => {
    const read = await readSchedule(store, name);
    return read === undefined ? [] : [{ name, cluster: read.stored.spec.template.cluster }];
  });
  return reads.flat();
}

async function holdingsOf(
  store: ObjectStore,
  { uids, schedules, backups, newest }: Found,
): Promise<Omit<ClusterHoldings, 'name'>> {
  const repositories = await repositoriesOfAll(store, [...uids]);
  const samples = await pLimit(READS_IN_FLIGHT).map(
    repositories.slice(0, SAMPLES_MAX),
    async (repository): Promise<RepositorySample> => ({
      ...repository,
      keyFiles: await keyFilesOf(store, repository),
    }),
  );
  return {
    ...{ uids: [...uids].sort(), backups, schedules, repositories: repositories.length, samples },
    ...(newest === undefined ? {} : { newest: markOf(newest) }),
  };
}

function markOf({ name, phase, startMs }: EndedBackup) {
  return { name, phase, startTimestamp: recordTime(startMs) };
}

type Repository = Pick<RepositorySample, 'clusterUid' | 'namespace'>;

async function repositoriesOfAll(
  store: ObjectStore,
  uids: readonly string[],
): Promise<Repository[]> {
  const found: Repository[] = [];
  for (const clusterUid of uids) {
    for await (const page of store.listFolders(repositoriesOf(clusterUid))) {
      found.push(...page.map((folder) => ({ clusterUid, namespace: folder.slice(0, -1) })));
    }
  }
  return found;
}

async function keyFilesOf(
  store: ObjectStore,
  { clusterUid, namespace }: Repository,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(`${repositoryPath(clusterUid, namespace)}/keys/`)) {
    const small = page.filter(({ sizeBytes }) => sizeBytes <= KEY_FILE_BYTES_MAX);
    keys.push(...small.map(({ key }) => key));
    if (keys.length >= KEY_FILES_MAX) {
      break;
    }
  }
  const files = keys.slice(0, KEY_FILES_MAX).map((key) => readAll(store, key));
  return (await Promise.all(files)).map((file) => file.toString('base64'));
}
