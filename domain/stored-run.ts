import type { BackupResult, BackupSpec } from './backup.ts';
import type { FailureReport } from './failure.ts';
import type { Hold } from './hold.ts';
import type { OwnerCycles } from './restore/owner-order.ts';
import type { OutcomePart } from './restore/restore-outcome.ts';
import type { LeftOut } from './restore/restore-plan.ts';
import type { RestoreResult, RestoreSpec } from './restore.ts';

/** Version of the layout of `holdfast.json`. */
export const CLAIM_VERSION = 1;

/** What is proven about an archive, and how it was. */
export interface ArchiveProof {
  /** Of the whole archive as it is stored, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly items: number;
  /** Sum of the sizes of the items' JSON. */
  readonly itemBytes: number;
  /** Level of the check; `read-back` means that every byte was read again and matched. */
  readonly verification: 'read-back';
}

/** A cluster as a backup met it. */
export interface ClusterIdentity {
  /** Uid of the namespace `kube-system`, which is what people take for the identity of a cluster. */
  readonly uid: string;
  readonly gitVersion: string;
  readonly major: string;
  readonly minor: string;
}

interface StoredRun {
  readonly version: typeof CLAIM_VERSION;
  readonly name: string;
  /** Which Holdfast the run belongs to: no other may take the name over. */
  readonly installation: string;
  readonly runUid: string;
  /** Of the canonical JSON of the spec, hexadecimal. */
  readonly specDigest: string;
  readonly startTimestamp: string;
  readonly cluster: ClusterIdentity;
}

/**
 * `holdfast.json` of a backup: written first, as the claim of the name, and once more before the commit, then
 * with `result` and, if there is an archive, with its proof. A claim without a Velero record is no backup.
 */
export interface StoredBackup extends StoredRun {
  readonly kind: 'Backup';
  readonly spec: BackupSpec;
  readonly result?: BackupResult;
  readonly archive?: ArchiveProof;
  /** Nothing deletes the backup while it is there. */
  readonly hold?: Hold;
  /** The last change of when its TTL is over, and when it was made; the record has it too. */
  readonly extension?: { readonly expiration: string; readonly since: string };
  /** When its deletion began; from then on nobody holds or extends it any more. */
  readonly deletion?: { readonly since: string };
}

/** `holdfast.json` of a restore: the claim of the name, and at the end the result. */
export interface StoredRestore extends StoredRun {
  readonly kind: 'Restore';
  readonly spec: RestoreSpec;
  readonly result?: RestoreResult;
  /** Written with the result: items of the backup that were not restored, by reason. */
  readonly leftOut?: readonly LeftOut[];
  /** Written with the result, where there are any; see `RestorePlan`. */
  readonly cycles?: OwnerCycles;
  readonly tooDeep?: number;
  /** Written with the result, where there are any: volumes that did not get their data, and why; the first 100. */
  readonly failedVolumes?: readonly FailureReport[];
  /** Written with the result: where the outcomes of its items lie in their file. */
  readonly itemParts?: readonly OutcomePart[];
}
