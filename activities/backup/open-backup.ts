import { Context } from '@temporalio/activity';

import type { BackupSpec } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { ownedElsewhere } from '../../domain/locations/location-owner.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { requireWritable } from '../../domain/storage-location.ts';
import { CLAIM_VERSION, type StoredBackup } from '../../domain/stored-run.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { claimLocation } from '../../storage/location-owner.ts';
import { claimName } from '../claim-name.ts';
import type { OpenBackupInput, OpenResult } from '../contract.ts';
import type { Dependencies, OwnDependencies } from '../dependencies.ts';
import { checkRequest, nothingSelected } from './check-request.ts';
import { mayMatch } from './probe-selection.ts';

/** See `ClusterActivities.openBackup`. */
export async function openBackup(
  deps: OwnDependencies,
  input: OpenBackupInput,
): Promise<OpenResult> {
  const { cluster, store: storeOf, installation } = deps;
  const store = storeOf(input.location);
  const signal = Context.current().cancellationSignal;
  const [identity, check, recorded] = await Promise.all([
    cluster.identity(),
    checkSelection(deps, input.spec, signal),
    readBackup(store, input.name),
  ]);
  if (recorded?.record !== undefined) {
    return recorded.claim?.specDigest === input.specDigest
      ? { kind: 'existing' }
      : { kind: 'refused', failure: taken(input) };
  }
  requireWritable(deps.location(input.location));
  if (check.kind === 'refused') {
    return check;
  }
  const owner = await claimLocation(store, { installation, since: input.startTimestamp });
  if (owner.installation !== installation) {
    return { kind: 'refused', failure: ownedElsewhere(input.location, owner) };
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
  const claimed = await claimName(store, backupKeys(input.name), { ...input, claim });
  switch (claimed) {
    case 'claimed':
      return { kind: 'accepted' };
    case 'elsewhere':
      return { kind: 'refused', failure: claimedElsewhere(input) };
    case 'deleting':
      return { kind: 'refused', failure: beingDeleted(input) };
    default:
      return claimed;
  }
}

/** Whether the cluster agrees to what is selected, and whether that is anything. */
async function checkSelection(
  { cluster, namespace }: Dependencies,
  spec: BackupSpec,
  signal: AbortSignal,
): Promise<{ kind: 'fine' } | { kind: 'refused'; failure: FailureReport }> {
  const check = await checkRequest({ cluster, namespace }, spec, signal);
  if (check.kind === 'refused' || (await mayMatch(cluster, check.request, signal))) {
    return check;
  }
  return { kind: 'refused', failure: nothingSelected() };
}

function taken({ location, name }: OpenBackupInput): FailureReport {
  return {
    code: 'already-exists',
    message: `location ${location} holds another backup named ${name}; choose another name or delete that backup`,
    subject: 'metadata.name',
  };
}

function beingDeleted({ name }: OpenBackupInput): FailureReport {
  return {
    code: 'being-deleted',
    message: `the deletion of an earlier backup named ${name} has begun; wait for its end, or delete that backup again`,
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
