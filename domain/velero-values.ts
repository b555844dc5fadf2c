import { fields, isBlank, list } from './fields.ts';
import type { LabelRequirement, LabelSelector } from './selection/label-selector.ts';

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** A label selector; undefined for one that says nothing. */
export function selectorOf(value: unknown): LabelSelector | undefined {
  const { matchLabels, matchExpressions } = fields(value);
  const selector = {
    ...pick(['matchLabels'], () => textsOf(matchLabels)),
    ...pick(['matchExpressions'], () =>
      nonEmpty(present(list(matchExpressions).map(requirementOf))),
    ),
  };
  return isBlank(selector) ? undefined : selector;
}

function requirementOf(value: unknown): LabelRequirement | undefined {
  const { key, operator, values } = fields(value);
  return typeof key === 'string' && isOperator(operator)
    ? { key, operator, ...pick(['values'], () => nonEmpty(strings(values))) }
    : undefined;
}

function isOperator(value: unknown): value is LabelRequirement['operator'] {
  return typeof value === 'string' && OPERATORS.includes(value);
}

/** The fields that have a value. */
export function pick<Field extends string, Value>(
  names: readonly Field[],
  valueOf: (field: Field) => Value | undefined,
): Partial<Record<Field, Value>> {
  const entries = names.map((field) => [field, valueOf(field)] as const);
  // The keys are the names given.
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<
    Record<Field, Value>
  >;
}

/** The members of a mapping that are texts. */
export function textsOf(value: unknown): Record<string, string> | undefined {
  const texts = Object.entries(fields(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

/** The texts of a list. */
export function strings(value: unknown): string[] {
  return list(value).filter((text) => typeof text === 'string');
}

export function booleanOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

export function nonEmpty<Value>(values: readonly Value[]): readonly Value[] | undefined {
  return values.length === 0 ? undefined : values;
}

export function present<Value>(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}
