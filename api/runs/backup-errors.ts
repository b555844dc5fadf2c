import { ALL_NAMESPACES, type BackupSpec } from '../../domain/backup.ts';
import type { FieldError } from '../../domain/failure.ts';
import { isBlank } from '../../domain/fields.ts';
import { normalFilters } from '../../domain/normal-filters.ts';
import { memberPointer } from '../../domain/json-pointer.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { type LabelSelector, labelSelectorErrors } from '../../domain/selection/label-selector.ts';
import { patternError } from '../../domain/selection/name-pattern.ts';
import { orderedResourcesErrors } from '../../domain/selection/ordered-resources.ts';
import { resourceFilterErrors } from '../../domain/selection/resource-filter-errors.ts';

type Spec = Partial<BackupSpec>;
type Namespaces = Pick<Spec, 'includedNamespaces' | 'excludedNamespaces'>;

const INCLUDED = '/spec/includedNamespaces';
const EXCLUDED = '/spec/excludedNamespaces';
const SELECTOR = '/spec/labelSelector';
const OR_SELECTORS = '/spec/orLabelSelectors';

/** All that is wrong with what a request for a backup selects, as far as no cluster has to be asked. */
export function selectionErrors(spec: Spec): FieldError[] {
  return [
    ...patternErrors(spec.includedNamespaces, INCLUDED),
    ...patternErrors(spec.excludedNamespaces, EXCLUDED),
    ...namespaceErrors(spec),
    ...excludeAllErrors(spec),
    ...selectorErrors(spec),
    // What says nothing cannot contradict.
    ...resourceFilterErrors(normalFilters(spec)),
    ...orderedResourcesErrors(spec),
  ];
}

/** Namespaces of a backup or of a restore that contradict each other. */
function namespaceErrors(spec: Namespaces): FieldError[] {
  const { includedNamespaces = [], excludedNamespaces = [] } = spec;
  const errors: FieldError[] = [];
  if (includedNamespaces.includes(ALL_NAMESPACES) && new Set(includedNamespaces).size > 1) {
    errors.push(fieldError(INCLUDED, 'has "*" beside names; use "*" alone, or names alone'));
  }
  const both = excludedNamespaces.filter(
    (name) => name !== ALL_NAMESPACES && includedNamespaces.includes(name),
  );
  if (both.length > 0) {
    const what = `names ${both.join(', ')}, which is included too; name it in one place`;
    errors.push(fieldError(EXCLUDED, what));
  }
  return errors;
}

function patternErrors(patterns: readonly string[] = [], pointer: string): FieldError[] {
  return patterns.flatMap((pattern, index) => {
    const fault = patternError(pattern);
    return fault === undefined
      ? []
      : [{ ...fieldError(memberPointer(pointer, index), fault), code: 'invalid-name' as const }];
  });
}

function excludeAllErrors({ excludedNamespaces = [] }: Namespaces): FieldError[] {
  return excludedNamespaces.includes(ALL_NAMESPACES)
    ? [fieldError(EXCLUDED, 'has "*", which leaves no namespace; name those to leave out')]
    : [];
}

function selectorErrors({ labelSelector = {}, orLabelSelectors = [] }: Spec): FieldError[] {
  const errors = [
    ...labelSelectorErrors(labelSelector, SELECTOR),
    ...orLabelSelectors.flatMap((selector, index) =>
      labelSelectorErrors(selector, memberPointer(OR_SELECTORS, index)),
    ),
  ];
  const empty = orLabelSelectors.flatMap((selector, index) => (isEmpty(selector) ? [index] : []));
  if (empty.length === orLabelSelectors.length) {
    return errors;
  }
  // Empty selectors are as good as left out, but one beside others would take what these do not.
  const what = 'is empty and takes every object; remove it, or leave orLabelSelectors out';
  return [...errors, ...empty.map((index) => fieldError(memberPointer(OR_SELECTORS, index), what))];
}

function isEmpty({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return isBlank(matchLabels) && isBlank(matchExpressions);
}
