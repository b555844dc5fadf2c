import type { RunMetadata } from './run-metadata.ts';
import { parseDuration } from './duration.ts';
import type { FailureReport } from './failure.ts';
import type { HooksSummary } from './hooks/hook-run.ts';
import type { RestoreHooks } from './hooks/hook-spec.ts';
import type { EndPhase } from './phase.ts';
import type { LabelSelector } from './selection/label-selector.ts';
import type { RestoredVolumesSummary } from './volumes/restore-record.ts';

/**
 * What a user asks of a restore. Names are Velero's where Velero has the field; a field that is left out does not
 * narrow the selection, and changes nothing. One of `backupName`, `scheduleName` and `retryOf` is asked for; the open
 * step finds the backup, and the claim's spec has `backupName` from then on.
 */
export interface RestoreSpec {
  /** The cluster to restore into, by the name that its workers serve. */
  readonly cluster: string;
  /** The backup to restore, of the restore's own location. */
  readonly backupName: string;
  /** The newest `Completed` backup of this schedule is restored. */
  readonly scheduleName?: string;
  /** With `scheduleName`: a `PartiallyFailed` backup will do, if it is the newest. */
  readonly allowPartiallyFailed?: boolean;
  /** An ended restore of the location, whose failed and unreached items are restored and nothing else. */
  readonly retryOf?: string;
  /** Names of namespaces as they are in the backup or patterns of names, or `*` alone for all. */
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  /** Types by plural, singular, kind or short name, with or without their group. */
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  /** `true`: all cluster-scoped objects; `false`: none; left out: all with all namespaces, else the related ones. */
  readonly includeClusterResources?: boolean;
  /** Only objects whose labels in the backup match. At most one of the two is given. */
  readonly labelSelector?: LabelSelector;
  readonly orLabelSelectors?: readonly LabelSelector[];
  /** Name in the backup to name in the cluster. Names that are not in it stay as they are. */
  readonly namespaceMapping: Readonly<Record<string, string>>;
  /** Storage class in the backup to storage class in the cluster, which must exist. */
  readonly storageClassMapping?: Readonly<Record<string, string>>;
  /** Part of an image's name to what stands there instead, in containers and init containers. */
  readonly imageMapping?: Readonly<Record<string, string>>;
  /** What becomes of an object that is there and differs; `none` if left out. */
  readonly existingResourcePolicy?: ExistingResourcePolicy;
  /** Types whose status is written too; annotation `velero.io/restore-status` of an object counts more. */
  readonly restoreStatus?: RestoreStatusSpec;
  /** `true`: services keep the node ports that they had. */
  readonly preserveNodePorts?: boolean;
  /** The ConfigMap of Holdfast's own namespace that holds resource modifiers. */
  readonly resourceModifier?: ResourceModifierReference;
  /** Velero's `--restore-resource-priorities`: types that come first, and after `-` types that come last. */
  readonly restoreResourcePriorities?: string;
  /** How long a gate between waves, and what is waited for of one object, may take; a Go duration, `10m0s` if left out. */
  readonly resourceTimeout?: string;
  /** How long operations of plugins are waited for, as a Go duration; Velero's default, 4 h, if left out. */
  readonly itemOperationTimeout?: string;
  /** Digest of a plan (`sha256:…`): the restore writes nothing unless it would do what that plan says. */
  readonly planDigest?: string;
  /** Labels and annotations that were asked for. */
  readonly metadata?: RunMetadata;
  /** Init containers that restored pods get, and commands that are run in them, beside those of annotations. */
  readonly hooks?: RestoreHooks;
}

/**
 * `none`: an object that is there is left alone. `update`: it is merged with the one of the backup, as in Velero.
 * `recreate`: as `update`, and where the cluster refuses because an immutable field differs, it is deleted and made anew.
 */
export const EXISTING_POLICIES = ['none', 'update', 'recreate'] as const;
export type ExistingResourcePolicy = (typeof EXISTING_POLICIES)[number];

/** Which types get their status back; with none included, all. */
export interface RestoreStatusSpec {
  /** Types, or `*` for all. */
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
}

/** The kinds that Velero knows: one. */
interface ResourceModifierReference {
  readonly kind: 'configmap';
  readonly name: string;
}

/** Velero's `resource-timeout`. */
export const DEFAULT_RESOURCE_TIMEOUT = '10m0s';

/** How long a restore waits for one thing, in milliseconds. Throws `invalid-request`. */
export function resourceTimeoutMs({
  resourceTimeout,
}: Pick<RestoreSpec, 'resourceTimeout'>): number {
  return parseDuration(resourceTimeout ?? DEFAULT_RESOURCE_TIMEOUT, 'spec.resourceTimeout');
}

/** What a restore did with one object. */
export const RESTORE_VERBS = [
  'created',
  'recreated',
  'updated',
  'unchanged',
  'skipped',
  'failed',
] as const;
export type RestoreVerb = (typeof RESTORE_VERBS)[number];

export type RestoreCounts = Readonly<Record<RestoreVerb, number>>;

export const NO_RESTORE_COUNTS: RestoreCounts = {
  created: 0,
  recreated: 0,
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
  /** Hooks of restored pods; left out where there are none. */
  readonly hooks?: HooksSummary;
  /** Operations of plugins; left out where there were none. */
  readonly operations?: { readonly completed: number; readonly failed: number };
  /** What became of data of volumes; left out where there was none to write. */
  readonly volumes?: RestoredVolumesSummary;
}

/** The namespace of the cluster that a namespace of the backup is restored into. */
export function mappedNamespace({ namespaceMapping }: RestoreSpec, namespace: string): string {
  // A namespace may have the name of something that every object inherits.
  const mapped = Object.hasOwn(namespaceMapping, namespace)
    ? namespaceMapping[namespace]
    : undefined;
  return mapped ?? namespace;
}
