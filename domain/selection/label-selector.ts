import { Failure, type FieldError } from '../failure.ts';
import { memberPointer } from '../json-pointer.ts';
import { fieldError } from './field-errors.ts';
import { labelKeyFault, labelValueFault } from './label-syntax.ts';

/** A label selector in the form of the API server's `metav1.LabelSelector`; all its parts must hold. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** For `In` and `NotIn`, at least one. */
  readonly values?: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** Characters that no key and no value has; a text is cut at them, as the API server cuts it. */
const WORD = String.raw`[^\s=!<>(),]`;
const EXISTENCE = new RegExp(String.raw`^(!?)\s*(${WORD}+)$`);
const EQUALITY = new RegExp(String.raw`^(${WORD}+)\s*(==?|!=)\s*(${WORD}*)$`);
const MEMBERSHIP = new RegExp(String.raw`^(${WORD}+)\s+(in|notin)\s*\(([^()]*)\)$`);

/** Whether labels match, as the API server decides it: an absent key is not in any list. */
export function matchesLabels(selector: LabelSelector, labels: Labels = {}): boolean {
  return requirementsOf(selector).every(({ key, operator, values = [] }) => {
    // A key may have the name of something that every object inherits.
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const isListed = value !== undefined && values.includes(value);
    switch (operator) {
      case 'In':
        return isListed;
      case 'NotIn':
        return !isListed;
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
}

/** The selector as the API server's parameter `labelSelector`, which `parseLabelSelector` reads as well. */
export function selectorQuery(selector: LabelSelector): string {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const equalities = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...equalities, ...matchExpressions.map(requirementText)].join(',');
}

/** All that is wrong with a selector. */
export function labelSelectorErrors(selector: LabelSelector, pointer: string): FieldError[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const ofLabels = Object.entries(matchLabels).flatMap(([key, value]) =>
    [labelKeyFault(key), labelValueFault(value)]
      .filter((fault) => fault !== undefined)
      .map((fault) => fieldError(memberPointer(memberPointer(pointer, 'matchLabels'), key), fault)),
  );
  const ofExpressions = matchExpressions.flatMap((requirement, index) => {
    const at = memberPointer(memberPointer(pointer, 'matchExpressions'), index);
    return requirementFaults(requirement).map((fault) => fieldError(at, fault));
  });
  return [...ofLabels, ...ofExpressions];
}

/** Reads kubectl's way to write a selector: `a=b,c!=d,e in (x,y),f,!g`. Throws `invalid-request`. */
export function parseLabelSelector(text: string): LabelSelector {
  const matchLabels = new Map<string, string>();
  const matchExpressions: LabelRequirement[] = [];
  for (const requirement of text.trim() === '' ? [] : partsOf(text).map(parseRequirement)) {
    const value = equalValue(requirement);
    // What is asked of a key twice must hold twice: `a=b,a=c` matches nothing.
    if (value === undefined || matchLabels.has(requirement.key)) {
      matchExpressions.push(requirement);
    } else {
      matchLabels.set(requirement.key, value);
    }
  }
  return {
    ...(matchLabels.size === 0 ? {} : { matchLabels: Object.fromEntries(matchLabels) }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
}

function requirementsOf({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelector): LabelRequirement[] {
  const equalities = Object.entries(matchLabels).map(([key, value]): LabelRequirement => {
    return { key, operator: 'In', values: [value] };
  });
  return [...equalities, ...matchExpressions];
}

function requirementText({ key, operator, values = [] }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${valuesText(values)})`;
    case 'NotIn':
      return `${key} notin (${valuesText(values)})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** The empty value alone is written with a comma: the API server reads `()` as no value at all. */
function valuesText(values: readonly string[]): string {
  const text = [...new Set(values)].sort().join(',');
  return text === '' && values.length > 0 ? ',' : text;
}

function requirementFaults({ key, operator, values = [] }: LabelRequirement): string[] {
  const takesValues = operator === 'In' || operator === 'NotIn';
  const faults = [labelKeyFault(key), ...values.map(labelValueFault)];
  if (takesValues && values.length === 0) {
    faults.push(`has no values for the operator ${operator}; give at least one`);
  }
  if (!takesValues && values.length > 0) {
    faults.push(`has values for the operator ${operator}; leave them out`);
  }
  return faults.filter((fault) => fault !== undefined);
}

/** Cuts a text at the commas that are not within parentheses. */
function partsOf(text: string): string[] {
  return text.split(/,(?![^()]*\))/);
}

function parseRequirement(part: string): LabelRequirement {
  const text = part.trim();
  const requirement = readExistence(text) ?? readEquality(text) ?? readMembership(text);
  const fault =
    requirement === undefined
      ? 'is none of: key=value, key!=value, key in (a,b), key notin (a,b), key, !key'
      : requirementFaults(requirement)[0];
  if (requirement === undefined || fault !== undefined) {
    const message = `the part "${text}" of the label selector ${String(fault)}`;
    throw new Failure('invalid-request', message);
  }
  return requirement;
}

function readExistence(text: string): LabelRequirement | undefined {
  const [, not, key] = EXISTENCE.exec(text) ?? [];
  return key === undefined ? undefined : { key, operator: not === '' ? 'Exists' : 'DoesNotExist' };
}

function readEquality(text: string): LabelRequirement | undefined {
  const [, key, sign, value] = EQUALITY.exec(text) ?? [];
  return key === undefined || value === undefined
    ? undefined
    : { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
}

function readMembership(text: string): LabelRequirement | undefined {
  const [, key, word, list] = MEMBERSHIP.exec(text) ?? [];
  if (key === undefined || list === undefined) {
    return undefined;
  }
  const values = list.trim() === '' ? [] : list.split(',').map((one) => one.trim());
  return { key, operator: word === 'in' ? 'In' : 'NotIn', values: [...new Set(values)] };
}

/** The one value that a key must have. */
function equalValue({ operator, values = [] }: LabelRequirement): string | undefined {
  return operator === 'In' && values.length === 1 ? values[0] : undefined;
}
