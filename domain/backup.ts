import type { FailureReport } from './failure.ts';
import type { EndPhase } from './phase.ts';

/** What a user asks of a backup. Names are Velero's. */
export interface BackupSpec {
  /** The cluster to back up, by the name that its workers serve. */
  readonly cluster: string;
  /** Names of namespaces, or `*` alone for all. */
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** How long the backup is kept, as a Go duration: `720h0m0s`. */
  readonly ttl: string;
}

/** Velero's default retention, 30 days. */
export const DEFAULT_TTL = '720h0m0s';
export const DEFAULT_CLUSTER = 'local';
export const ALL_NAMESPACES = '*';

/** How a backup ended. Times are RFC 3339 in UTC with seconds. */
export interface BackupResult {
  readonly phase: EndPhase;
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
  readonly items: number;
  /** Size of the archive, in bytes. */
  readonly archiveBytes: number;
  readonly warnings: number;
  readonly errors: number;
  readonly failure?: FailureReport;
}

/** Whether a backup takes every namespace, and with them every cluster-scoped object. */
export function isWholeCluster(spec: BackupSpec): boolean {
  return spec.includedNamespaces.includes(ALL_NAMESPACES);
}

/** Whether objects of a namespace are selected. */
export function isNamespaceSelected(
  selection: Pick<BackupSpec, 'includedNamespaces' | 'excludedNamespaces'>,
  namespace: string,
): boolean {
  const { includedNamespaces, excludedNamespaces } = selection;
  if (excludedNamespaces.includes(namespace)) {
    return false;
  }
  return includedNamespaces.includes(ALL_NAMESPACES) || includedNamespaces.includes(namespace);
}
