import type { BackupHooks } from './hooks/hook-spec.ts';
import type { HooksSummary } from './hooks/hook-run.ts';
import type { FailureReport } from './failure.ts';
import type { EndPhase } from './phase.ts';
import type { RunMetadata } from './run-metadata.ts';
import type { LabelSelector } from './selection/label-selector.ts';
import { matchesPattern } from './selection/name-pattern.ts';

/** What a user asks of a backup. Names are Velero's; a field that is left out does not narrow the selection. */
export interface BackupSpec extends ResourceLists {
  /** The cluster to back up, by the name that its workers serve. */
  readonly cluster: string;
  /** Names of namespaces or patterns of names (`team-*`), or `*` alone for all. */
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** How long the backup is kept, as a Go duration: `720h0m0s`; `0s`: until somebody, or a keep rule, deletes it. */
  readonly ttl: string;
  /** The schedule that makes the backup. */
  readonly scheduleName?: string;
  /** Labels and annotations that were asked for. */
  readonly metadata?: RunMetadata;
  /** Only objects that match. At most one of the two is given. */
  readonly labelSelector?: LabelSelector;
  /** Only objects that match any of them. */
  readonly orLabelSelectors?: readonly LabelSelector[];
  /** Name of a type to the objects of it that come first: `shop/db-0,shop/db-1`, or `pv-1,pv-2`. */
  readonly orderedResources?: Readonly<Record<string, string>>;
  /** The ConfigMap of Holdfast's own namespace that holds resource policies. */
  readonly resourcePolicy?: ResourcePolicyReference;
  /** Whether other served versions than the preferred one are stored too; Velero's `EnableAPIGroupVersions`. */
  readonly apiVersions?: ApiVersions;
  /**
   * `false`: no volume is snapshotted, and none is copied unless a policy, its pod or `defaultVolumesToFsBackup: true`
   * asks for it.
   */
  readonly snapshotVolumes?: boolean;
  /** `false`: only volumes that their pods name are copied; `true`: those of a pod's own, such as `emptyDir`, too. */
  readonly defaultVolumesToFsBackup?: boolean;
  readonly hooks?: BackupHooks;
  /** How long operations of plugins are waited for, as a Go duration; `DEFAULT_ITEM_OPERATION_TIMEOUT` when left out. */
  readonly itemOperationTimeout?: string;
  /** How the copies of volumes are proven; `ReadBack` when left out. */
  readonly volumeVerification?: VolumeVerification;
}

/**
 * Velero's two families of filters by type; a request uses one of them. A type is named by plural, singular, kind or
 * short name, with or without its group: `deployments.apps`.
 */
export interface ResourceLists {
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  /** `true`: all cluster-scoped objects; `false`: none; left out: all with all namespaces, else the related ones. */
  readonly includeClusterResources?: boolean;
  readonly includedClusterScopedResources?: readonly string[];
  readonly excludedClusterScopedResources?: readonly string[];
  readonly includedNamespaceScopedResources?: readonly string[];
  readonly excludedNamespaceScopedResources?: readonly string[];
}

/** The kinds that Velero knows: one. */
export interface ResourcePolicyReference {
  readonly kind: 'configmap';
  readonly name: string;
}

export const API_VERSIONS = ['Preferred', 'All'] as const;
type ApiVersions = (typeof API_VERSIONS)[number];

/**
 * How a copy of a volume is proven: `Counts`, files and bytes are compared with an own walk over the volume; `ReadBack`,
 * what was stored is read again as well, and its hashes are compared.
 */
export const VOLUME_VERIFICATIONS = ['Counts', 'ReadBack'] as const;
export type VolumeVerification = (typeof VOLUME_VERIFICATIONS)[number];
export const DEFAULT_VOLUME_VERIFICATION: VolumeVerification = 'ReadBack';

/** Velero's default. */
export const DEFAULT_ITEM_OPERATION_TIMEOUT = '4h0m0s';

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
  /** Data of volumes; left out where none was chosen, or where the run did not get so far. */
  readonly volumes?: CopiedVolumesSummary;
  /** Hooks of pods; left out where there are none, or where the run did not get so far. */
  readonly hooks?: HooksSummary;
  /** Operations of plugins; left out where there were none, or where the run did not get so far. */
  readonly operations?: { readonly completed: number; readonly failed: number };
  readonly warnings: number;
  readonly errors: number;
  readonly failure?: FailureReport;
  /** What the numbers stand for; left out when they are 0. */
  readonly problems?: BackupProblems;
}

/** What became of the volumes that a backup has chosen, in numbers. */
interface CopiedVolumesSummary {
  readonly copied: number;
  readonly failed: number;
  readonly files: number;
  readonly bytes: number;
}

/** What a backup could not take, and what should be known about what it took; each names a type as its subject. */
export interface BackupProblems {
  readonly errors: readonly FailureReport[];
  readonly warnings: readonly FailureReport[];
  /** How many there are beside those that are told; left out where all are. */
  readonly more?: { readonly errors: number; readonly warnings: number };
}

/** Problems of one side that are told one by one; the rest is counted, and has its rows in the coverage report. */
const TOLD_MAX = 50;

/** The problems of several steps: each subject once, and no more than can be told. */
export function joinProblems(all: readonly BackupProblems[]): BackupProblems {
  const errors = joinSide(all, 'errors');
  const warnings = joinSide(all, 'warnings');
  const more = { errors: errors.more, warnings: warnings.more };
  return {
    errors: errors.told,
    warnings: warnings.told,
    ...(more.errors + more.warnings > 0 ? { more } : {}),
  };
}

/** How many problems there are, told or not. */
export function countProblems(problems: BackupProblems): {
  readonly errors: number;
  readonly warnings: number;
} {
  const { errors, warnings, more = { errors: 0, warnings: 0 } } = problems;
  return {
    errors: errors.length + more.errors,
    warnings: warnings.length + more.warnings,
  };
}

function joinSide(
  all: readonly BackupProblems[],
  side: 'errors' | 'warnings',
): { readonly told: readonly FailureReport[]; readonly more: number } {
  const bySubject = new Map(
    all.flatMap((problems) => problems[side].map((report) => [report.subject, report] as const)),
  );
  const told = [...bySubject.values()].slice(0, TOLD_MAX);
  const untold = all.reduce((sum, { more }) => sum + (more?.[side] ?? 0), 0);
  return { told, more: untold + bySubject.size - told.length };
}

/** Whether a request takes every namespace, apart from those that it excludes. */
export function takesAllNamespaces(selection: Pick<BackupSpec, 'includedNamespaces'>): boolean {
  return selection.includedNamespaces.includes(ALL_NAMESPACES);
}

/** Whether objects of a namespace are selected. */
export function isNamespaceSelected(
  selection: Pick<BackupSpec, 'includedNamespaces' | 'excludedNamespaces'>,
  namespace: string,
): boolean {
  const matches = (pattern: string): boolean => matchesPattern(pattern, namespace);
  const { includedNamespaces, excludedNamespaces } = selection;
  return includedNamespaces.some(matches) && !excludedNamespaces.some(matches);
}

/** The selectors of a request, of which an object has to match one; none for every object. */
export function selectorsOf({
  labelSelector,
  orLabelSelectors = [],
}: Pick<BackupSpec, 'labelSelector' | 'orLabelSelectors'>): readonly LabelSelector[] {
  return labelSelector === undefined ? orLabelSelectors : [labelSelector];
}
