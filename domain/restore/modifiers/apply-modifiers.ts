import { isCustom } from '../../built-in-groups.ts';
import { parseExact } from '../../exact-number.ts';
import { Failure } from '../../failure.ts';
import { type Fields, fields, isMapping } from '../../fields.ts';
import type { KubernetesObject, ResourceType } from '../../item.ts';
import { applyMergePatch } from '../json-merge-patch.ts';
import { applyJsonPatch } from './json-patch.ts';
import { type KindMergeKeys, type MergeKeys, mergeKeysName } from './merge-keys.ts';
import { meetsConditions } from './modifier-conditions.ts';
import type { ModifierPatch, ModifierRule } from './modifier-rule.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

export interface Modifiers {
  /** The rules of a restore, in their order. */
  readonly modifiers: readonly ModifierRule[];
  /** Of the kinds that strategic merge patches may change; left out where no rule has such patches. */
  readonly mergeKeys?: MergeKeys;
}

/** What the modifiers made of an object, or why they cannot be applied to it, without a word of its content. */
export type Modified = { readonly object: KubernetesObject } | { readonly fault: string };

/**
 * Applies the resource modifiers of a restore to an object that still is in the namespace of the backup. The object is
 * not changed; the result may share parts with it. Source of the rules: Velero's internal/resourcemodifiers.
 */
export function applyModifiers(
  type: ResourceType,
  object: KubernetesObject,
  { modifiers, mergeKeys = {} }: Modifiers,
): Modified {
  let modified: unknown = object;
  for (const [index, { conditions, patch }] of modifiers.entries()) {
    try {
      if (meetsConditions(type, object, conditions)) {
        modified = patched(type, modified, { patch, mergeKeys });
        requireSameItem(object, modified);
      }
    } catch (error) {
      if (!(error instanceof Failure)) {
        throw error;
      }
      const rule = `rule ${String(index + 1)} of the resource modifiers`;
      return { fault: `${rule} cannot be applied to it: ${error.message}` };
    }
  }
  // The namespace is that of the backup here, and decided by the mapping of namespaces, as in Velero.
  return { object: modified as KubernetesObject };
}

function patched(
  type: ResourceType,
  object: unknown,
  { patch, mergeKeys }: { patch: ModifierPatch; mergeKeys: MergeKeys },
): unknown {
  switch (patch.kind) {
    case 'json':
      // A test that does not hold leaves the object as it is.
      return applyJsonPatch(object, patch.operations) ?? object;
    case 'merge':
      return patch.patches.reduce(
        (result: unknown, text) => applyMergePatch(result, parseExact(text)),
        object,
      );
    case 'strategic': {
      const keys = keysOf(type, fields(object), mergeKeys);
      return patch.patches.reduce(
        (result, text) => applyStrategicMergePatch(result, fields(parseExact(text)), keys),
        fields(object),
      );
    }
  }
}

/** As in Velero, custom resources cannot be merged so: nothing says what the elements of their lists are. */
function keysOf(type: ResourceType, object: Fields, mergeKeys: MergeKeys): KindMergeKeys {
  if (isCustom(type)) {
    const message = 'strategicPatches are not for custom resources; use mergePatches';
    throw new Failure('modifier-not-usable', message);
  }
  const name = mergeKeysName(object);
  const keys = Object.hasOwn(mergeKeys, name) ? mergeKeys[name] : undefined;
  if (keys === undefined) {
    const message = `the cluster does not say how strategic merge patches of ${name} are merged`;
    throw new Failure('modifier-not-usable', message);
  }
  return keys;
}

/** A rule changes what an item is like, and not which item it is: the report, owners and retries go by that. */
function requireSameItem(before: KubernetesObject, after: unknown): void {
  const { apiVersion, kind, metadata } = fields(after);
  const { name, namespace } = fields(metadata);
  const isSame =
    isMapping(metadata) &&
    apiVersion === before.apiVersion &&
    kind === before.kind &&
    name === before.metadata.name &&
    namespace === before.metadata.namespace;
  if (!isSame) {
    const message = 'it changes apiVersion, kind, metadata.name or metadata.namespace';
    throw new Failure('modifier-not-usable', message);
  }
}
