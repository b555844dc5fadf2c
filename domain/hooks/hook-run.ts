import type { FailureCode } from '../failure.ts';
import type { HookErrorMode } from './hook.ts';

/** How one hook of a pod ended; stored with the backup or the restore. */
export interface HookRun {
  readonly namespace: string;
  readonly pod: string;
  readonly phase: 'pre' | 'post';
  /** `annotations`, or the hook of the request: `spec <name>`. */
  readonly source: string;
  readonly container?: string;
  readonly command?: readonly string[];
  readonly onError: HookErrorMode;
  readonly startTimestamp: string;
  readonly completionTimestamp: string;
  readonly outcome: 'Succeeded' | 'Failed';
  /** Who ran it, where that was not the backup itself. */
  readonly by?: string;
  readonly exitCode?: number;
  /** Whether the command was never started. */
  readonly isNotBegun?: true;
  /** Whether it had not ended when its time was over, and may go on. */
  readonly mayGoOn?: true;
  /** Why it failed. */
  readonly code?: FailureCode;
  readonly message?: string;
  /** Where a hook is written that cannot be run as it is. */
  readonly places?: readonly string[];
  /** What it has written, shortened. */
  readonly stdout?: string;
  readonly stderr?: string;
  /** Bytes of it that were left out. */
  readonly dropped?: number;
}

/** Hooks that were run, and those that failed. */
export interface HooksSummary {
  readonly attempted: number;
  readonly failed: number;
}

/** `pre hook of the pod shop/db, container db`. */
export function hookWords({ phase, namespace, pod, container }: HookRun): string {
  const where = container === undefined ? '' : `, container ${container}`;
  return `${phase} hook of the pod ${namespace}/${pod}${where}`;
}

/** Why a hook failed, without a value of an annotation or of a request: history holds none. */
export function reasonOf({ message = '', places }: HookRun): string {
  return places === undefined
    ? message
    : `${places.length === 0 ? 'it' : places.join(', ')} cannot be used as it is; the list of the hooks says why`;
}
