import { inside, type StrictReader } from '../volumes/strict-reader.ts';
import {
  type LabelRequirement,
  type LabelSelector,
  labelSelectorErrors,
} from './label-selector.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
export const SELECTOR_FIELDS = ['matchLabels', 'matchExpressions'];

/** Reads a label selector that people wrote; `labels` is where its labels stand, if not in `matchLabels`. */
export function readLabelSelector(
  reader: StrictReader,
  value: unknown,
  { pointer, labels = `${pointer}/matchLabels` }: { pointer: string; labels?: string },
): LabelSelector {
  const before = reader.errors.length;
  const given = reader.mapping(value, pointer, SELECTOR_FIELDS);
  const expressions = `${pointer}/matchExpressions`;
  const selector = {
    matchLabels: reader.textMapping(given['matchLabels'] ?? {}, labels),
    matchExpressions: reader
      .elements(given['matchExpressions'] ?? [], expressions)
      .map((one, index) => readRequirement(reader, one, inside(expressions, String(index)))),
  };
  // What could not be read stands as empty here, which would be one more fault.
  if (reader.errors.length === before) {
    for (const error of labelSelectorErrors(selector, pointer)) {
      reader.refuse(error.pointer, error.detail.slice(error.pointer.length + 1));
    }
  }
  return selector;
}

function readRequirement(reader: StrictReader, value: unknown, pointer: string): LabelRequirement {
  const given = reader.mapping(value, pointer, ['key', 'operator', 'values']);
  const operator = OPERATORS.find((word) => word === given['operator']);
  if (operator === undefined) {
    reader.refuse(`${pointer}/operator`, `must be one of ${OPERATORS.join(', ')}`);
  }
  return {
    key: reader.text(given['key'], `${pointer}/key`),
    operator: operator ?? 'Exists',
    values: reader.texts(given['values'] ?? [], `${pointer}/values`),
  };
}
