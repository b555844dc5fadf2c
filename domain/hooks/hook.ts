export const HOOK_ERROR_MODES = ['Continue', 'Fail'] as const;
/** What a hook that fails does: `Fail` is an error, and ends what was to follow for its pod; `Continue` is a warning. */
export type HookErrorMode = (typeof HOOK_ERROR_MODES)[number];

/** Where a hook was asked for: by annotations of the pod, or by a named hook of the request. */
export type HookSource = 'annotations' | `spec ${string}`;

/** A command that is run in a container of a pod. */
export interface ExecHook {
  readonly kind: 'exec';
  readonly source: HookSource;
  /** A container that the pod has. */
  readonly container: string;
  /** Program and arguments; no shell is between. */
  readonly command: readonly string[];
  readonly onError: HookErrorMode;
  readonly timeoutMs: number;
}

/** A hook that cannot be run. */
export interface BadHook {
  readonly kind: 'bad';
  readonly source: HookSource;
  /** `Fail` where the fault is in the mode itself. */
  readonly onError: HookErrorMode;
  /** Place and value of all that is wrong, and what is right. */
  readonly fault: string;
  /** The places alone, as values may be secrets; none in a batch of an earlier release. */
  readonly places?: readonly string[];
}

export type PlannedHook = ExecHook | BadHook;
