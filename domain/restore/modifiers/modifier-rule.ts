import type { LabelSelector } from '../../selection/label-selector.ts';

/** One rule of Velero's resource modifiers: which objects it is for, and how it changes them. Plain JSON. */
export interface ModifierRule {
  readonly conditions: ModifierConditions;
  readonly patch: ModifierPatch;
}

/** All must hold. They look at the object as it is before the first rule, in the namespace of the backup. */
export interface ModifierConditions {
  /** Glob of `deployments.apps`, where `*` stands for anything without a dot. */
  readonly groupResource: string;
  /** Names in the backup, or patterns of them; empty for all. They say nothing of cluster-scoped objects. */
  readonly namespaces: readonly string[];
  /** A regular expression in Go's syntax; it may match a part of the name. */
  readonly resourceNameRegex?: string;
  readonly labelSelector?: LabelSelector;
  readonly matches: readonly ValueMatch[];
}

export interface ValueMatch {
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  /** JSON text of the value that must stand there; `null` is met by nothing as well. */
  readonly value: string;
}

/** Patches are applied one after the other; those of the last two kinds are JSON texts of mappings. */
export type ModifierPatch =
  | { readonly kind: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly kind: 'merge' | 'strategic'; readonly patches: readonly string[] };

/** An operation of a JSON patch (RFC 6902). Paths are JSON pointers, values JSON texts. */
export type JsonPatchOperation =
  | { readonly op: 'test'; readonly path: string; readonly value: string }
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

export const PATCH_OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;
