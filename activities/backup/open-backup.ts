import { Context } from '@temporalio/activity';

import { missingNamespaces, selectedNamespaces } from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { CLAIM_VERSION, type StoredBackup } from '../../domain/stored-run.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { claimName } from '../claim-name.ts';
import type { OpenBackupInput, OpenResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';

/** See `ClusterActivities.openBackup`. */
export async function openBackup(
  { cluster, store: storeOf, installation }: Dependencies,
  input: OpenBackupInput,
): Promise<OpenResult> {
  const store = storeOf(input.location);
  const [identity, existing, recorded] = await Promise.all([
    cluster.identity(),
    listNamespaces(cluster, Context.current().cancellationSignal),
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
    installation,
    runUid: input.runUid,
    spec: input.spec,
    specDigest: input.specDigest,
    startTimestamp: input.startTimestamp,
    cluster: identity,
  };
  const isOurs = await claimName(store, backupKeys(input.name), claim);
  return isOurs ? { kind: 'accepted' } : { kind: 'refused', failure: claimedElsewhere(input) };
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
  return {
    code: 'already-exists',
    message: `location ${location} holds another backup named ${name}; choose another name or delete that backup`,
    subject: 'metadata.name',
  };
}

/** Nobody here can know whether a run of another Holdfast is alive; whoever runs it can. */
function claimedElsewhere({ location, name }: OpenBackupInput): FailureReport {
  const { claim } = backupKeys(name);
  return {
    code: 'already-exists',
    message: `another Holdfast that uses location ${location} has begun a backup named ${name}; choose another name, or remove ${claim} if that one is gone`,
    subject: 'metadata.name',
  };
}
