import type { FailureReport } from './failure.ts';
import type { CopyProof } from './volumes/proof.ts';
import type { VolumeCopy } from './volumes/volume-copy.ts';

/**
 * Why something that a cluster holds is not in a backup. `isGap`: nobody asked for it to be left out, so the backup is
 * PartiallyFailed. docs/coverage.md has a row for each.
 */
export const COVERAGE_REASONS = {
  // Types.
  excluded: { isGap: false, text: 'the request excludes the type' },
  'not-included': { isGap: false, text: 'the request does not include the type' },
  'cluster-scope': {
    isGap: false,
    text: 'of cluster-scoped types the request takes what belongs to its objects',
  },
  'snapshot-objects': {
    isGap: false,
    text: 'snapshot objects name storage of this cluster; Velero leaves them out as well',
  },
  cohabiting: { isGap: false, text: 'the same objects are taken under another group' },
  'not-restorable': {
    isGap: false,
    text: 'the type does not serve list, get, create and delete',
  },
  'group-unavailable': { isGap: true, text: 'the group is registered and does not answer' },
  forbidden: { isGap: true, text: 'the worker may not list the type' },
  rejected: { isGap: true, text: 'the API server does not list the type' },
  gone: { isGap: false, text: 'the type was no longer served when it was listed' },
  // Objects and namespaces.
  'being-deleted': { isGap: false, text: 'it is being deleted' },
  'exclude-label': { isGap: false, text: 'it has the label velero.io/exclude-from-backup=true' },
  holdfast: { isGap: false, text: 'it belongs to Holdfast itself; name its namespace to take it' },
  'plugin-skip': { isGap: false, text: 'a plugin leaves it out' },
  'plugin-failed': { isGap: true, text: 'an action of a plugin failed for it' },
  'plugin-late': { isGap: false, text: 'it came after a plugin was asked that must see it' },
  'came-later': { isGap: false, text: 'its namespace came after the backup was planned' },
  'not-listed': { isGap: true, text: 'the API server counted more objects than it listed' },
  // Volumes.
  'not-copied': { isGap: true, text: 'no data of the volume was copied' },
  'copy-failed': { isGap: true, text: 'the copy of its data failed' },
  'chosen-later': {
    isGap: false,
    text: 'it came, or was chosen, after the volumes of the backup were planned',
  },
  'block-device': { isGap: true, text: 'it is a block device, which has no files to copy' },
  'host-path-claim': {
    isGap: true,
    text: 'its persistent volume is a folder of a node, which a node agent does not see',
  },
  'policy-skip': { isGap: false, text: 'a volume policy skips it' },
  'opted-out': { isGap: false, text: 'its pod leaves it out' },
  'volumes-not-requested': { isGap: false, text: 'the request asks for no volume data' },
  'claim-not-selected': { isGap: false, text: 'the request does not select its claim' },
  'claim-missing': { isGap: false, text: 'there is no such claim' },
  'claim-not-bound': { isGap: false, text: 'its claim is not bound, so there is no data' },
  'made-anew': { isGap: false, text: 'its content is made anew by the cluster with each pod' },
  'host-path': {
    isGap: false,
    text: 'it is a folder of a node, which no backup of objects covers',
  },
  ephemeral: { isGap: false, text: 'it lives as long as its pod, and nothing asks for its data' },
} as const satisfies Record<string, { readonly isGap: boolean; readonly text: string }>;

export type CoverageReason = keyof typeof COVERAGE_REASONS;

/** What a backup should hold, what it holds, and why each difference is there. Stored as `<name>-coverage.json.gz`. */
export interface CoverageReport {
  readonly version: 1;
  /** Present where counts by namespace, or some volumes and hooks, were too much for a preview. */
  readonly isShortened?: true;
  /** Objects. `expected` is counted as they are listed, `captured` in the archive when it is read back. */
  readonly items: { readonly expected: number; readonly captured: number };
  /** Every type that the cluster serves. */
  readonly types: readonly TypeCoverage[];
  /** Registered API groups that do not answer, as `group/version`. */
  readonly groups: readonly { readonly group: string; readonly reason: CoverageReason }[];
  /** Namespaces that exist and are left out though the request would take them. */
  readonly namespaces: readonly { readonly name: string; readonly reason: CoverageReason }[];
  readonly volumes: VolumesCoverage;
  /** Pods with hooks by their annotations. What became of the hooks is in a file of their own. */
  readonly hooks: readonly {
    readonly namespace: string;
    readonly pod: string;
    readonly hook: string;
  }[];
  /** Types that were named by a name that several types have, and the one that was taken. */
  readonly ambiguousNames: readonly {
    readonly name: string;
    readonly taken: string;
    readonly others: readonly string[];
  }[];
}

export interface TypeCoverage {
  /** `deployments.apps`. */
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly expected: number;
  readonly captured: number;
  /** Why the type as a whole, or what is not related to other objects of it, is left out. */
  readonly reason?: CoverageReason;
  /** Objects that were listed and left out. */
  readonly leftOut?: readonly LeftOutItems[];
  /** Captured objects by namespace, for previews; left out where it would be too much. */
  readonly namespaces?: Readonly<Record<string, number>>;
}

export interface LeftOutItems {
  readonly reason: CoverageReason;
  readonly items: number;
  /** The first of them: `shop/web`, or `pv-1`. */
  readonly examples: readonly string[];
  /** What plugins say of why, the first few. */
  readonly texts?: readonly string[];
}

export interface VolumesCoverage {
  readonly captured: number;
  /** Volumes that could hold data, and what became of it. */
  readonly items: readonly VolumeCoverage[];
  /** How many volumes were left out for each reason, those that are not among `items` as well. */
  readonly leftOut: Readonly<Partial<Record<CoverageReason, number>>>;
}

export interface VolumeCoverage {
  readonly namespace: string;
  /** Left out for a claim that no pod of the backup mounts. */
  readonly pod?: string;
  /** Name of the volume in the pod. */
  readonly volume?: string;
  readonly claim?: string;
  readonly persistentVolume?: string;
  /** `persistentVolumeClaim`, `emptyDir`, `projected`: the word of the pod's volume. */
  readonly source: string;
  /** What a policy, an annotation or the default says should be done. */
  readonly action: 'fs-backup' | 'snapshot' | 'none';
  /** Why there is no data; left out when it was copied. */
  readonly reason?: CoverageReason;
  /** What was copied, and how far that is proven. */
  readonly copy?: CoveredCopy;
}

/** What the report tells of a copy; `<name>-volumes.json.gz` tells all. */
interface CoveredCopy {
  readonly outcome: VolumeCopy['outcome'];
  readonly files: number;
  readonly bytes: number;
  readonly level: CopyProof['level'];
  /** Whether hooks of its pod held while it was copied; left out where the pod has none before the copy. */
  readonly isHeld?: boolean;
}

/** What is said of a backup that is not made. */
export type PreviewResult =
  | { readonly kind: 'refused'; readonly failure: FailureReport }
  /** The report as compressed JSON in base64; counts by namespace are left out where it would be too large. */
  | { readonly kind: 'covered'; readonly report: string };

/** Whether nobody asked for something to be left out. */
export function isGap(reason: CoverageReason): boolean {
  return COVERAGE_REASONS[reason].isGap;
}
