import type { FailureReport } from './failure.ts';
import type { EndPhase } from './phase.ts';

/** What a user asks of a restore. Names are Velero's. */
export interface RestoreSpec {
  /** The cluster to restore into, by the name that its workers serve. */
  readonly cluster: string;
  /** The backup to restore, of the restore's own location. */
  readonly backupName: string;
  /** Names of namespaces as they are in the backup, or `*` alone for all. */
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** Name in the backup to name in the cluster. Names that are not in it stay as they are. */
  readonly namespaceMapping: Readonly<Record<string, string>>;
}

/** What a restore did with one object. */
export const RESTORE_VERBS = ['created', 'updated', 'unchanged', 'skipped', 'failed'] as const;
export type RestoreVerb = (typeof RESTORE_VERBS)[number];

export type RestoreCounts = Readonly<Record<RestoreVerb, number>>;

export const NO_RESTORE_COUNTS: RestoreCounts = {
  created: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
};

/** How a restore ended. Times are RFC 3339 in UTC with seconds. */
export interface RestoreResult {
  readonly phase: EndPhase;
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
  readonly items: number;
  readonly counts: RestoreCounts;
  readonly warnings: number;
  readonly errors: number;
  readonly failure?: FailureReport;
}

/** The namespace of the cluster that a namespace of the backup is restored into. */
export function mappedNamespace(spec: RestoreSpec, namespace: string): string {
  return spec.namespaceMapping[namespace] ?? namespace;
}
