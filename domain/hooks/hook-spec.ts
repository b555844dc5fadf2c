import type { Fields } from '../fields.ts';
import type { LabelSelector } from '../selection/label-selector.ts';
import type { HookErrorMode } from './hook.ts';

/** Which pods a hook of a request is for; a filter that is left out does not narrow. Names are Velero's. */
export interface HookFilter {
  readonly name: string;
  /** Namespaces or patterns of them. Those of a restore are the names in the cluster. */
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
  /** Types by the names that people use. Hooks run in pods alone, so one without pods is for none. */
  readonly includedResources?: readonly string[];
  readonly excludedResources?: readonly string[];
  /** Labels of the pod. */
  readonly labelSelector?: LabelSelector;
}

/** `spec.hooks` of a backup. */
export interface BackupHooks {
  /** In the order in which the hooks of one pod are run. */
  readonly resources?: readonly BackupHookResource[];
  /** How long after its first pre hook a pod is thawed at the latest, whatever became of the backup; a Go duration. */
  readonly thawAfter?: string;
}

export interface BackupHookResource extends HookFilter {
  readonly pre?: readonly BackupHookSpec[];
  readonly post?: readonly BackupHookSpec[];
}

export interface BackupHookSpec {
  readonly exec: ExecHookSpec;
}

interface ExecSpec {
  /** The first container of the pod when left out. */
  readonly container?: string;
  readonly command: readonly string[];
  /** `Fail` when left out of a backup hook, `Continue` of a restore hook. */
  readonly onError?: HookErrorMode;
}

export interface ExecHookSpec extends ExecSpec {
  /** Go duration, `30s` when left out. */
  readonly timeout?: string;
}

/** `spec.hooks` of a restore. */
export interface RestoreHooks {
  readonly resources?: readonly RestoreHookResource[];
}

interface RestoreHookResource extends HookFilter {
  readonly postHooks?: readonly RestoreHookSpec[];
}

/** One of the two, or both. */
export interface RestoreHookSpec {
  readonly init?: InitHookSpec;
  readonly exec?: RestoreExecHookSpec;
}

export interface InitHookSpec {
  /** Containers as a pod has them. */
  readonly initContainers: readonly Fields[];
  /** Has no effect, as in Velero. */
  readonly timeout?: string;
}

export interface RestoreExecHookSpec extends ExecSpec {
  /** Go duration, `30s` when left out. */
  readonly execTimeout?: string;
  /** How long the container is waited for; a Go duration, as long as the restore waits for one thing when left out. */
  readonly waitTimeout?: string;
  /** Whether the container must be ready, and not only run. */
  readonly waitForReady?: boolean;
}
