import { groupResource, type KubernetesObject, type ResourceType } from '../../item.ts';
import { matchesLabels } from '../../selection/label-selector.ts';
import { globExpression, goExpression } from './go-pattern.ts';
import { holdsAt } from './json-patch.ts';
import type { ModifierConditions } from './modifier-rule.ts';

/** Whether a rule is for an object, by its state before the first rule. */
export function meetsConditions(
  type: ResourceType,
  object: KubernetesObject,
  conditions: ModifierConditions,
): boolean {
  const { namespaces, resourceNameRegex, labelSelector, matches } = conditions;
  const { name, namespace = '', labels } = object.metadata;
  return (
    isForType(conditions, type) &&
    (namespace === '' || isAmong(namespaces, namespace)) &&
    (resourceNameRegex === undefined || goExpression(resourceNameRegex).test(name)) &&
    (labelSelector === undefined || matchesLabels(labelSelector, labels)) &&
    matches.every((match) => holdsAt(object, match))
  );
}

/** Whether a rule can be for objects of a type. */
export function isForType(
  { groupResource: glob }: Pick<ModifierConditions, 'groupResource'>,
  type: { readonly group: string; readonly resource: string },
): boolean {
  return globExpression(glob, '.').test(groupResource(type));
}

function isAmong(namespaces: readonly string[], namespace: string): boolean {
  return namespaces.length === 0 || namespaces.some((glob) => globExpression(glob).test(namespace));
}
