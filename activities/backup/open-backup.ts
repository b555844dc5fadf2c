import { missingNamespaces, selectedNamespaces } from '../../domain/export-plan.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { CLAIM_VERSION, type StoredBackup } from '../../domain/stored-run.ts';
import { readBackup } from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { claimName } from '../claim-name.ts';
import type { OpenBackupInput, OpenResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';

/** See `ClusterActivities.openBackup`. */
export async function openBackup(
  { cluster, store: storeOf }: Dependencies,
  input: OpenBackupInput,
): Promise<OpenResult> {
  const store = storeOf(input.location);
  const [identity, existing, recorded] = await Promise.all([
    cluster.identity(),
    listNamespaces(cluster),
    readBackup(store, input.name),
  ]);
  if (recorded?.record !== undefined) {
    return recorded.claim?.specDigest === input.specDigest
      ? { kind: 'existing' }
      : { kind: 'refused', failure: taken(input) };
  }
  const refusal = refusalOf(input, existing);
  if (refusal !== undefined) {
    return { kind: 'refused', failure: refusal };
  }
  const claim: StoredBackup = {
    version: CLAIM_VERSION,
    kind: 'Backup',
    name: input.name,
    runUid: input.runUid,
    spec: input.spec,
    specDigest: input.specDigest,
    startTimestamp: input.startTimestamp,
    cluster: identity,
  };
  const isOurs = await claimBackup(store, claim);
  return isOurs
    ? { kind: 'accepted', cluster: identity, warnings: 0 }
    : { kind: 'refused', failure: taken(input) };
}

function claimBackup(store: ObjectStore, claim: StoredBackup): Promise<boolean> {
  return claimName(store, backupKeys(claim.name).claim, claim);
}

function refusalOf(
  { spec }: OpenBackupInput,
  existing: readonly string[],
): FailureReport | undefined {
  const missing = missingNamespaces(spec, existing);
  if (missing.length > 0) {
    const names = missing.join(', ');
    return {
      code: 'namespace-not-found',
      message: `the cluster has no namespace ${names}; correct spec.includedNamespaces`,
      subject: 'spec.includedNamespaces',
    };
  }
  if (selectedNamespaces(spec, existing).length === 0) {
    return {
      code: 'nothing-selected',
      message: 'spec.excludedNamespaces leaves no namespace; include or exclude others',
      subject: 'spec.excludedNamespaces',
    };
  }
  return undefined;
}

function taken({ location, name }: OpenBackupInput): FailureReport {
  const failure = new Failure(
    'already-exists',
    `location ${location} holds another backup named ${name}; choose another name or delete that backup`,
    { subject: 'metadata.name' },
  );
  return { code: failure.code, message: failure.message, subject: 'metadata.name' };
}
