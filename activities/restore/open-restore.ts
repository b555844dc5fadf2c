import { ALL_NAMESPACES } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import { CLAIM_VERSION, type StoredRestore } from '../../domain/stored-run.ts';
import { type CatalogueBackup, readBackup, readRestore } from '../../storage/catalogue.ts';
import { claimName } from '../claim-name.ts';
import type { OpenRestoreInput, OpenResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';

/** Phases of a backup from which something can be restored. */
const USABLE_PHASES: ReadonlySet<string> = new Set(['Completed', 'PartiallyFailed']);

/** See `ClusterActivities.openRestore`. */
export async function openRestore(
  { cluster, store: storeOf }: Dependencies,
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
  const refusal = refusalOf(input, backup);
  if (refusal !== undefined) {
    return { kind: 'refused', failure: refusal };
  }
  const claim: StoredRestore = {
    version: CLAIM_VERSION,
    kind: 'Restore',
    name: input.name,
    runUid: input.runUid,
    spec: input.spec,
    specDigest: input.specDigest,
    startTimestamp: input.startTimestamp,
    cluster: identity,
  };
  const isOurs = await claimName(store, restoreKeys(input.name).claim, claim);
  return isOurs
    ? { kind: 'accepted', cluster: identity, warnings: 0 }
    : { kind: 'refused', failure: taken(input) };
}

function refusalOf(
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
  return namespaceRefusal(spec.includedNamespaces, backup);
}

/** A namespace that the backup was told not to take cannot be restored from it. */
function namespaceRefusal(
  wanted: readonly string[],
  { claim }: CatalogueBackup,
): FailureReport | undefined {
  const held = claim?.spec.includedNamespaces ?? [ALL_NAMESPACES];
  const missing = wanted.filter(
    (name) => name !== ALL_NAMESPACES && !held.includes(ALL_NAMESPACES) && !held.includes(name),
  );
  return missing.length === 0
    ? undefined
    : {
        code: 'namespace-not-found',
        message: `the backup has no namespace ${missing.join(', ')}; correct spec.includedNamespaces`,
        subject: 'spec.includedNamespaces',
      };
}

function taken({ location, name }: OpenRestoreInput): FailureReport {
  return {
    code: 'already-exists',
    message: `location ${location} holds another restore named ${name}; choose another name`,
    subject: 'metadata.name',
  };
}
