import type { RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import { NO_RESTORE_COUNTS } from '../../domain/restore.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import { commitRestore } from '../../storage/format/record.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { SOURCE_CLUSTER } from './stored-backup.ts';

/** What is stored of an ended restore, but for its items. */
export function claimOfRestore(name: string): StoredRestore {
  const times = {
    startTimestamp: '2026-01-01T00:00:00Z',
    completionTimestamp: '2026-01-01T00:00:01Z',
  };
  return {
    ...{ version: 1, kind: 'Restore', name, runUid: `uid-${name}`, specDigest: name },
    ...{ installation: 'test', startTimestamp: times.startTimestamp, cluster: SOURCE_CLUSTER },
    spec: {
      ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'], excludedNamespaces: [] },
      namespaceMapping: {},
    },
    result: {
      ...{ ...times, phase: 'Completed', items: 0, counts: NO_RESTORE_COUNTS },
      ...{ warnings: 0, errors: 0 },
    },
  };
}

/** Stores an ended restore with what became of its items, shard by shard. */
export async function storeRestore(
  store: ObjectStore,
  name: string,
  shards: readonly (readonly RestoreOutcome[])[],
): Promise<void> {
  await commitRestore(store, {
    stored: claimOfRestore(name),
    results: { warnings: {}, errors: {} },
    resourceList: streamed([Buffer.from('')]),
    outcomes: streamed(shards),
  });
}

async function* streamed<Part>(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* await Promise.resolve(parts);
}
