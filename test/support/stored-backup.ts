import type { BackupResult, BackupSpec } from '../../domain/backup.ts';
import { copyOf } from '../../domain/exact-number.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { ClusterIdentity, StoredBackup } from '../../domain/stored-run.ts';
import { bytesOf } from '../../storage/claim.ts';
import { writeSmallArchive } from '../../storage/format/archive.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { commitBackup } from '../../storage/format/record.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

export const SOURCE_CLUSTER: ClusterIdentity = {
  uid: 'source',
  gitVersion: 'v1.34.0',
  major: '1',
  minor: '34',
};

/** A type, as a test names it. */
export function typeOf(kind: string, groupResource: string, isNamespaced = true): ResourceType {
  const [resource = '', ...group] = groupResource.split('.');
  return { group: group.join('.'), version: 'v1', resource, kind, isNamespaced };
}

/** What may be otherwise about a stored backup. */
interface StoredBackupOptions {
  readonly items?: readonly ArchiveItem[];
  readonly spec?: Partial<BackupSpec>;
  readonly result?: Partial<BackupResult>;
}

/** Stores a completed backup that holds the given objects. */
export async function storeBackup(
  store: ObjectStore,
  name: string,
  items: readonly ArchiveItem[],
): Promise<void> {
  await storeBackupOf(store, name, { items });
}

/** The same of one that has more to say. */
export async function storeBackupOf(
  store: ObjectStore,
  name: string,
  { items = [], spec, result: ended }: StoredBackupOptions,
): Promise<void> {
  async function* pages(): AsyncGenerator<readonly ArchiveItem[]> {
    yield await Promise.resolve(items.map(withVersion));
  }
  const source = { name, runUid: `uid-${name}`, pages: pages(), onProgress: () => undefined };
  await writeSmallArchive(store, { ...source, signal: new AbortController().signal });
  const times = {
    startTimestamp: '2026-01-01T00:00:00Z',
    completionTimestamp: '2026-01-01T00:00:01Z',
  };
  const claim: StoredBackup = {
    ...{ version: 1, kind: 'Backup', name, runUid: `uid-${name}`, specDigest: name },
    installation: 'test',
    startTimestamp: times.startTimestamp,
    cluster: SOURCE_CLUSTER,
    spec: {
      ...{ cluster: 'local', includedNamespaces: ['*'], excludedNamespaces: [], ttl: '720h0m0s' },
      ...spec,
    },
  };
  const result: BackupResult = {
    ...times,
    ...{ phase: 'Completed', items: items.length, archiveBytes: 1, warnings: 0, errors: 0 },
    ...ended,
  };
  const claimVersion = await store.put(backupKeys(name).claim, bytesOf(claim));
  await commitBackup(store, { stored: { ...claim, result }, location: 'default', claimVersion });
}

function withVersion({ type, object, ...others }: ArchiveItem): ArchiveItem {
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  const whole: KubernetesObject = { ...copyOf(object), apiVersion, kind: type.kind };
  return { ...others, type, object: whole };
}
