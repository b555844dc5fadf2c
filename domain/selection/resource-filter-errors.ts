import type { BackupSpec, ResourceLists } from '../backup.ts';
import type { FieldError } from '../failure.ts';
import { fieldError } from './field-errors.ts';
import { globError, isPattern } from './name-pattern.ts';
import { ALL_TYPES, type ListFields, OLD_LISTS, SCOPED_LISTS } from './type-lists.ts';
import { usesOldFilters } from './type-selection.ts';

type Filters = ResourceLists & Pick<Partial<BackupSpec>, 'labelSelector' | 'orLabelSelectors'>;

const SCOPED = [SCOPED_LISTS.cluster, SCOPED_LISTS.namespaced];
const ALL_LISTS = [OLD_LISTS, ...SCOPED];

/** All that is wrong with a request's filters by type and label, before any cluster is asked. */
export function resourceFilterErrors(spec: Filters): FieldError[] {
  return [
    ...familyErrors(spec),
    ...ALL_LISTS.flatMap((fields) => listErrors(spec, fields)),
    ...selectorErrors(spec),
  ];
}

/** Velero knows two families of filters, and a request uses one of them. */
function familyErrors(spec: Filters): FieldError[] {
  const oldFields = [OLD_LISTS.included, OLD_LISTS.excluded].filter((field) =>
    isGiven(spec, field),
  );
  const old =
    spec.includeClusterResources === undefined
      ? oldFields
      : [...oldFields, 'includeClusterResources'];
  const scoped = SCOPED.flatMap(({ included, excluded }) => [included, excluded]).filter((field) =>
    isGiven(spec, field),
  );
  if (!usesOldFilters(spec) || scoped.length === 0) {
    return [];
  }
  const what = `does not go with ${scoped.map((field) => `/spec/${field}`).join(', ')}; use the one kind or the other`;
  return old.map((field) => fieldError(`/spec/${field}`, what));
}

function listErrors(spec: Filters, fields: ListFields): FieldError[] {
  const included = spec[fields.included] ?? [];
  const excluded = spec[fields.excluded] ?? [];
  const at = `/spec/${fields.excluded}`;
  const errors = [...nameErrors(`/spec/${fields.included}`, included), ...nameErrors(at, excluded)];
  const both = excluded.filter((name) => name !== ALL_TYPES && included.includes(name));
  if (both.length > 0) {
    errors.push(
      fieldError(at, `names ${both.join(', ')}, which is included too; name it in one place`),
    );
  }
  if (!excluded.includes(ALL_TYPES)) {
    return errors;
  }
  if (fields.excluded === OLD_LISTS.excluded) {
    errors.push(fieldError(at, 'has "*", which leaves nothing; name the types to leave out'));
  } else if (included.length > 0) {
    const what = `has "*" though /spec/${fields.included} has names; use one of the two`;
    errors.push(fieldError(at, what));
  }
  return errors;
}

function nameErrors(pointer: string, names: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (names.includes(ALL_TYPES) && new Set(names).size > 1) {
    errors.push(fieldError(pointer, 'has "*" beside names; use "*" alone, or names alone'));
  }
  if (names.some((name) => name.trim() === '')) {
    errors.push(fieldError(pointer, 'has an empty name; leave it out'));
  }
  const faults = names.filter(isPattern).map(globError);
  const told = faults.filter((fault) => fault !== undefined);
  return [...errors, ...told.map((fault) => fieldError(pointer, fault))];
}

function selectorErrors({ labelSelector, orLabelSelectors = [] }: Filters): FieldError[] {
  return labelSelector !== undefined && orLabelSelectors.length > 0
    ? [
        fieldError(
          '/spec/orLabelSelectors',
          'does not go with /spec/labelSelector; put that selector into the list, or leave the list out',
        ),
      ]
    : [];
}

function isGiven(
  spec: ResourceLists,
  field: keyof Omit<ResourceLists, 'includeClusterResources'>,
): boolean {
  return (spec[field] ?? []).length > 0;
}
