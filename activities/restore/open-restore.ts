import type { FailureReport } from '../../domain/failure.ts';
import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { CLAIM_VERSION, type StoredRestore } from '../../domain/stored-run.ts';
import {
  type CatalogueBackup,
  readBackup,
  readRestore,
  runUidOf,
} from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readTombstone } from '../../storage/tombstones.ts';
import { claimName } from '../claim-name.ts';
import type { OpenRestoreInput, OpenResult } from '../contract.ts';
import type { OwnDependencies } from '../dependencies.ts';
import { type ConfiguredRules, readConfiguredRules } from './read-rules.ts';
import { type Refused, retriedItems, withBackup } from './restore-source.ts';
import { keepOpenRules } from './restore-run.ts';
import { type IndexSource, surveyTypes } from './survey-types.ts';

/** Phases of a backup from which something can be restored. */
const USABLE_PHASES: ReadonlySet<string> = new Set(['Completed', 'PartiallyFailed']);

/**
 * Size of the largest index that is read before the request is answered, in bytes: some 50,000 items, read within a
 * second. A larger one is compared with the request by the plan.
 */
const INDEX_BYTES_MAX = 4 * 1024 * 1024;

interface Resolved {
  readonly spec: RestoreSpec;
  readonly configured: ConfiguredRules;
}

/** See `ClusterActivities.openRestore`. */
export async function openRestore(
  { cluster, store: storeOf, installation, namespace }: OwnDependencies,
  input: OpenRestoreInput,
): Promise<OpenResult> {
  const store = storeOf(input.location);
  const [identity, restore] = await Promise.all([
    cluster.identity(),
    readRestore(store, input.name),
  ]);
  if (restore?.claim?.result !== undefined) {
    return restore.claim.specDigest === input.specDigest
      ? { kind: 'existing' }
      : { kind: 'refused', failure: taken(input) };
  }
  const { spec: asked, location } = input;
  const { signal } = new AbortController();
  const found = await resolveRestore({
    ...{ cluster, namespace, store, spec: asked, location, signal },
  });
  if ('refusal' in found) {
    return { kind: 'refused', failure: found.refusal };
  }
  const claim: StoredRestore = {
    version: CLAIM_VERSION,
    kind: 'Restore',
    name: input.name,
    installation,
    runUid: input.runUid,
    spec: found.spec,
    specDigest: input.specDigest,
    startTimestamp: input.startTimestamp,
    cluster: identity,
  };
  const claimed = await claimName(store, restoreKeys(input.name), { ...input, claim });
  if (typeof claimed !== 'string') {
    return claimed;
  }
  if (claimed !== 'claimed') {
    return { kind: 'refused', failure: taken(input) };
  }
  // Only now, when a deletion would see the claim.
  const late = await lateRefusal(store, { spec: found.spec, location });
  if (late !== undefined) {
    await store.remove([restoreKeys(input.name).claim]);
    return { kind: 'refused', failure: late };
  }
  await keepOpenRules(store, input, found.configured);
  return { kind: 'accepted' };
}

/** The spec with the backup that it stands for, and the rules; or why that cannot be restored as it is asked for. */
export async function resolveRestore(asked: IndexSource): Promise<Resolved | Refused> {
  const found = await withBackup(asked.store, asked);
  if ('refusal' in found) {
    return found;
  }
  const source = { ...asked, spec: found.spec };
  const backup = await readBackup(source.store, source.spec.backupName);
  const refusal = backupRefusal(source, backup);
  if (refusal !== undefined) {
    return { refusal };
  }
  const read = await readIndexAndRules(source);
  return 'refusal' in read ? read : { ...found, ...read };
}

/** Whether the deletion of the backup began before the name of the restore was claimed. */
async function lateRefusal(
  store: ObjectStore,
  source: Pick<IndexSource, 'location' | 'spec'>,
): Promise<FailureReport | undefined> {
  const { backupName } = source.spec;
  // In this order: the tombstone goes when the backup is gone.
  const tombstone = await readTombstone(store, backupName);
  const backup = await readBackup(store, backupName);
  const isDeleted = tombstone !== undefined && tombstone.runUid === runUidOf(backup ?? {});
  if (isDeleted || backup?.claim?.deletion !== undefined) {
    const message = `the deletion of the backup ${backupName} has begun; nobody restores from it any more`;
    return { code: 'being-deleted', message, subject: 'spec.backupName' };
  }
  return backupRefusal(source, backup);
}

function backupRefusal(
  { location, spec }: Pick<IndexSource, 'location' | 'spec'>,
  backup: CatalogueBackup | undefined,
): FailureReport | undefined {
  const subject = 'spec.backupName';
  if (backup !== undefined && backup.record === undefined && backup.claim !== undefined) {
    const message = `the backup ${spec.backupName} has no record: it has not ended, operations of plugins included, or it was cut off; holdfast backup get says which`;
    return { code: 'still-running', message, subject };
  }
  if (backup?.record === undefined) {
    const message = `location ${location} holds no backup named ${spec.backupName}`;
    return { code: 'backup-not-found', message, subject };
  }
  const { phase } = backup.record.status;
  if (!USABLE_PHASES.has(phase)) {
    const message = `the backup ${spec.backupName} is ${phase} and ${whyNotUsable(phase)}`;
    return { code: 'backup-not-usable', message, subject };
  }
  return undefined;
}

/** Velero writes a record while operations of plugins run. */
function whyNotUsable(phase: string): string {
  return phase.startsWith('WaitingForPluginOperations')
    ? 'waits for operations of plugins; what they have to do is not done'
    : 'holds nothing to restore';
}

/**
 * Reads the rules, and compares the request with backup and cluster, as far as that takes no longer than a request may.
 */
async function readIndexAndRules(
  source: IndexSource,
): Promise<Pick<Resolved, 'configured'> | Refused> {
  const { store, spec } = source;
  const index = await store.head(backupKeys(spec.backupName).index);
  if (index === undefined) {
    const message = `the backup ${spec.backupName} has no index, as Velero's own have none; restoring those is work to come`;
    return { refusal: { code: 'backup-not-usable', message, subject: 'spec.backupName' } };
  }
  const configured = await readConfiguredRules(source);
  if ('refusal' in configured) {
    return configured;
  }
  const answer =
    index.sizeBytes <= INDEX_BYTES_MAX
      ? await surveyTypes({ ...source, configured })
      : await retriedItems(store, source);
  return answer !== undefined && 'refusal' in answer ? answer : { configured };
}

function taken({ location, name }: OpenRestoreInput): FailureReport {
  return {
    code: 'already-exists',
    message: `location ${location} holds another restore named ${name}; choose another name`,
    subject: 'metadata.name',
  };
}
