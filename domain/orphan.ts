import type { FailureReport } from './failure.ts';
import type { RepositoryKey } from './workflow-id.ts';

/** What runs leave that died, by kind, and what removing it does; nothing removes the last ones. */
export const ORPHAN_KINDS = {
  UnfinishedBackup: 'its plugins end what they have begun, and its files go',
  UnfinishedRestore:
    'its plugins end what they have begun, and its files go; the cluster stays as it is',
  UnfinishedDeletion: 'the deletion goes on to its end',
  LeftTombstone: 'the tombstone goes',
  LeftWork: 'intermediate files of the run go',
  LeftUploads: 'the uploads are ended',
  LeftCheck: 'what the check has written goes',
  LeftPod: 'the pod is deleted',
  LeftSnapshots: 'the next maintenance of the repository takes them out',
  MissingSnapshot: undefined,
  UnreadableRepository: undefined,
  LeftOperations: undefined,
  ReplacedObjects: undefined,
  ForeignRun: undefined,
  UnknownFolder: undefined,
} as const satisfies Readonly<Record<string, string | undefined>>;

/** What became of the removal of an orphan; `Requested`: somebody else does it in its time. */
export const ORPHAN_OUTCOMES = ['Removed', 'Requested', 'Failed'] as const;

type OrphanKind = keyof typeof ORPHAN_KINDS;

/** Kinds that are no files of a run: each is removed where it is, without a deletion of the run. */
const LEFTOVER_KINDS = ['LeftUploads', 'LeftCheck', 'LeftPod'] as const satisfies OrphanKind[];
export type LeftoverKind = (typeof LEFTOVER_KINDS)[number];

/** Something that nobody needs any more, or that nobody here can judge. */
export interface Orphan {
  readonly kind: OrphanKind;
  /** Where it is: a key, what keys begin with, or namespace and name of a pod. */
  readonly place: string;
  /** Why it is one, in a sentence. */
  readonly reason: string;
  readonly run?: OrphanRun;
  /** The repository that it is in. */
  readonly repository?: Omit<RepositoryKey, 'location'>;
  /** When the run began, or the deletion; RFC 3339. */
  readonly since?: string;
  readonly objects?: number;
  readonly sizeBytes?: number;
  /** Left out where nobody asked for its removal, and for what is never removed. */
  readonly outcome?: (typeof ORPHAN_OUTCOMES)[number];
  /** Why it is still there. */
  readonly failure?: FailureReport;
}

/** The run that left it. */
export interface OrphanRun {
  readonly kind: 'Backup' | 'Restore';
  readonly name: string;
  readonly runUid: string;
}

/** What one look has found. */
export interface FoundOrphans {
  readonly orphans: readonly Orphan[];
  /** Whether there are more, which the next look finds when these are gone. */
  readonly isMore: boolean;
}

/** Whether it is a leftover that is no file of a run. */
export function isLeftover(kind: OrphanKind): kind is LeftoverKind {
  return LEFTOVER_KINDS.some((one) => one === kind);
}

/** Whether a reconciliation can remove it. */
export function isRemovable({ kind }: Pick<Orphan, 'kind'>): boolean {
  return ORPHAN_KINDS[kind] !== undefined;
}
