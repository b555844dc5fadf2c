import type { FieldError } from '../failure.ts';
import { memberPointer } from '../json-pointer.ts';
import { fieldError } from '../selection/field-errors.ts';
import { labelSelectorErrors } from '../selection/label-selector.ts';
import { globError, isPattern, patternError } from '../selection/name-pattern.ts';
import type { PluginAction, PluginDescription, PluginSelector } from './contract.ts';

/** What is wrong with a description beyond its schema: names that are there twice, and selectors that select nothing. */
export function descriptionErrors(description: PluginDescription): FieldError[] {
  return (['backupActions', 'restoreActions'] as const).flatMap((field) =>
    (description[field] ?? []).flatMap((action, index, actions) => {
      const pointer = memberPointer(`/${field}`, index);
      return [
        ...twiceErrors(action, actions.slice(0, index), pointer),
        ...selectorErrors(action.selector ?? {}, `${pointer}/selector`),
      ];
    }),
  );
}

function twiceErrors(
  { name }: PluginAction,
  earlier: readonly PluginAction[],
  pointer: string,
): FieldError[] {
  return earlier.some((other) => other.name === name)
    ? [fieldError(`${pointer}/name`, 'is the name of an earlier action too; give each its own')]
    : [];
}

function selectorErrors(selector: PluginSelector, pointer: string): FieldError[] {
  const faults = (field: keyof PluginSelector, faultOf: (name: string) => string | undefined) =>
    namesIn(selector, field).flatMap((name, index) => {
      const fault = faultOf(name);
      return fault === undefined
        ? []
        : [fieldError(memberPointer(`${pointer}/${field}`, index), fault)];
    });
  const typeFault = (name: string) => (isPattern(name) ? globError(name) : undefined);
  return [
    ...faults('includedNamespaces', patternError),
    ...faults('excludedNamespaces', patternError),
    ...faults('includedResources', typeFault),
    ...faults('excludedResources', typeFault),
    ...labelSelectorErrors(selector.labelSelector ?? {}, `${pointer}/labelSelector`),
  ];
}

function namesIn(selector: PluginSelector, field: keyof PluginSelector): readonly string[] {
  const names = selector[field];
  return Array.isArray(names) ? names : [];
}
