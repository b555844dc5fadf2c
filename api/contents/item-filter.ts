import type { IndexItem } from '../../domain/backup-index.ts';
import { Failure, type FieldError } from '../../domain/failure.ts';
import { groupResource } from '../../domain/item.ts';
import {
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
} from '../../domain/selection/label-selector.ts';
import { globError, matchesPattern } from '../../domain/selection/name-pattern.ts';
import type { AcceptsRun } from '../../storage/format/held-index.ts';
import type { IndexedType } from '../../storage/format/index-runs.ts';
import { RequestFailure } from '../errors.ts';

/** Which items are asked for; a field that is left out does not narrow them. */
export interface ItemQuery {
  /** Plurals, kinds or `resource.group`, separated by commas. */
  readonly type?: string | undefined;
  /** Names or patterns, separated by commas. */
  readonly namespace?: string | undefined;
  /** A name or a pattern. */
  readonly name?: string | undefined;
  /** As kubectl takes it. */
  readonly labelSelector?: string | undefined;
}

export interface ItemFilter {
  /** Whether any item of a type and namespace is asked for. */
  readonly acceptsRun: AcceptsRun;
  /** Whether an item is; left out when all of an accepted run are. */
  readonly acceptsItem?: (item: IndexItem) => boolean;
}

/** A filter that looks at nothing of an item but its type, namespace, name and labels. */
export interface NameFilter extends Pick<ItemFilter, 'acceptsRun'> {
  readonly acceptsItem?: (item: Pick<IndexItem, 'name' | 'labels'>) => boolean;
}

/** The filter of a query. Throws `invalid-request` that names every parameter that is wrong. */
export function itemFilter({ type, namespace, name, labelSelector }: ItemQuery): NameFilter {
  const namespaces = namespace?.split(',') ?? [];
  const names = name === undefined ? [] : [name];
  const { selector, errors } = readSelector(labelSelector);
  requireNone([
    ...namespaces.flatMap((pattern) => patternErrors('namespace', pattern)),
    ...names.flatMap((pattern) => patternErrors('name', pattern)),
    ...errors,
  ]);
  const acceptsType = typeTest(type);
  const acceptsRun: AcceptsRun = (run) =>
    acceptsType(run.type) && matchesAny(namespaces, run.namespace);
  return name === undefined && labelSelector === undefined
    ? { acceptsRun }
    : {
        acceptsRun,
        acceptsItem: (item) => matchesAny(names, item.name) && matchesLabels(selector, item.labels),
      };
}

/** Tests types by any of their names; what it found out about a type it remembers. */
export function typeTest(text: string | undefined): (type: IndexedType) => boolean {
  if (text === undefined) {
    return () => true;
  }
  const names = new Set(text.split(',').map((name) => name.trim().toLowerCase()));
  const known = new Map<string, boolean>();
  return (type) => {
    const id = `${type.kind} ${groupResource(type)}`;
    const isNamed = known.get(id) ?? namesOf(type).some((name) => names.has(name.toLowerCase()));
    known.set(id, isNamed);
    return isNamed;
  };
}

function namesOf(type: IndexedType): string[] {
  return [type.resource, type.kind, groupResource(type)];
}

/** Without patterns everything matches. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, text));
}

function patternErrors(parameter: string, pattern: string): FieldError[] {
  const fault = globError(pattern);
  return fault === undefined ? [] : [parameterError(parameter, `${parameter} ${fault}`)];
}

function readSelector(text = ''): { selector: LabelSelector; errors: FieldError[] } {
  try {
    return { selector: parseLabelSelector(text), errors: [] };
  } catch (error) {
    if (error instanceof Failure) {
      return { selector: {}, errors: [parameterError('labelSelector', error.message)] };
    }
    throw error;
  }
}

function parameterError(parameter: string, detail: string): FieldError {
  return { pointer: `querystring:/${parameter}`, code: 'invalid-request', detail };
}

function requireNone(errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw new RequestFailure(errors);
  }
}
