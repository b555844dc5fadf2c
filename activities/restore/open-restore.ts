import type { FailureReport } from '../../domain/failure.ts';
import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import { RestoreScope } from '../../domain/restore-scope.ts';
import { CLAIM_VERSION, type StoredRestore } from '../../domain/stored-run.ts';
import { type CatalogueBackup, readBackup, readRestore } from '../../storage/catalogue.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { claimName } from '../claim-name.ts';
import type { OpenRestoreInput, OpenResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';

/** Phases of a backup from which something can be restored. */
const USABLE_PHASES: ReadonlySet<string> = new Set(['Completed', 'PartiallyFailed']);

/**
 * Size of the largest index that is read before the request is answered, in bytes: some 50,000 items, read within a
 * second. A larger one is compared with the request by the plan.
 */
const INDEX_BYTES_MAX = 4 * 1024 * 1024;

/** See `ClusterActivities.openRestore`. */
export async function openRestore(
  { cluster, store: storeOf, installation }: Dependencies,
  input: OpenRestoreInput,
): Promise<OpenResult> {
  const store = storeOf(input.location);
  const [identity, backup, restore] = await Promise.all([
    cluster.identity(),
    readBackup(store, input.spec.backupName),
    readRestore(store, input.name),
  ]);
  if (restore?.claim?.result !== undefined) {
    return restore.claim.specDigest === input.specDigest
      ? { kind: 'existing' }
      : { kind: 'refused', failure: taken(input) };
  }
  const refusal = backupRefusal(input, backup) ?? (await scopeRefusal(store, input));
  if (refusal !== undefined) {
    return { kind: 'refused', failure: refusal };
  }
  const claim: StoredRestore = {
    version: CLAIM_VERSION,
    kind: 'Restore',
    name: input.name,
    installation,
    runUid: input.runUid,
    spec: input.spec,
    specDigest: input.specDigest,
    startTimestamp: input.startTimestamp,
    cluster: identity,
  };
  const isOurs = await claimName(store, restoreKeys(input.name), claim);
  return isOurs ? { kind: 'accepted' } : { kind: 'refused', failure: taken(input) };
}

function backupRefusal(
  { location, spec }: OpenRestoreInput,
  backup: CatalogueBackup | undefined,
): FailureReport | undefined {
  const subject = 'spec.backupName';
  if (backup?.record === undefined) {
    const message = `location ${location} holds no backup named ${spec.backupName}`;
    return { code: 'backup-not-found', message, subject };
  }
  const { phase } = backup.record.status;
  if (!USABLE_PHASES.has(phase)) {
    const message = `the backup ${spec.backupName} is ${phase} and holds nothing to restore`;
    return { code: 'backup-not-usable', message, subject };
  }
  return undefined;
}

/** Compares the request with what the backup holds, as far as that takes no longer than a request may. */
async function scopeRefusal(
  store: ObjectStore,
  { spec }: OpenRestoreInput,
): Promise<FailureReport | undefined> {
  const key = backupKeys(spec.backupName).index;
  const index = await store.head(key);
  if (index === undefined) {
    return {
      code: 'backup-not-usable',
      message: `the backup ${spec.backupName} has no index, as Velero's own have none; restoring those is work to come`,
      subject: 'spec.backupName',
    };
  }
  if (index.sizeBytes > INDEX_BYTES_MAX) {
    return undefined;
  }
  const scope = new RestoreScope(spec);
  for await (const lines of readIndex(store, key)) {
    for (const line of lines) {
      scope.see(line);
    }
  }
  return scope.refusal();
}

function taken({ location, name }: OpenRestoreInput): FailureReport {
  return {
    code: 'already-exists',
    message: `location ${location} holds another restore named ${name}; choose another name`,
    subject: 'metadata.name',
  };
}
