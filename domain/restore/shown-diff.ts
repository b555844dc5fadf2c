import { pointerTokens } from '../json-pointer.ts';
import { isSecretType, isSecretValue } from '../mask-secret.ts';
import type { FieldChange } from './object-diff.ts';

/** Characters of a value that are shown. */
const VALUE_LENGTH_MAX = 200;
/** Changes of one object that are shown. */
const CHANGES_MAX = 100;

/** A change as it is shown: with values of a bounded length, and of a Secret with none. */
export interface ShownChange extends FieldChange {
  /** Present where the field of a Secret changes, whose values are not shown. */
  readonly value?: 'changed';
}

export interface ShownDiff {
  readonly diff: readonly ShownChange[];
  /** Left out when all changes are shown. */
  readonly moreChanges?: number;
}

/** The changes of an object of a type, as they may be shown to whoever asks. */
export function shownDiff(
  type: { readonly group: string; readonly resource: string },
  changes: readonly FieldChange[],
): ShownDiff {
  const isSecret = isSecretType(type);
  const shown = changes
    .slice(0, CHANGES_MAX)
    .map((change) =>
      isSecret && isSecretValue(pointerTokens(change.path))
        ? withoutValues(change)
        : bounded(change),
    );
  const more = changes.length - shown.length;
  return { diff: shown, ...(more === 0 ? {} : { moreChanges: more }) };
}

/** A change without what is there and what will be there. */
export function pathOnly({ path, op, value }: ShownChange): ShownChange {
  return { path, op, ...(value === undefined ? {} : { value }) };
}

function withoutValues({ path, op }: FieldChange): ShownChange {
  return { path, op, value: 'changed' };
}

function bounded(change: FieldChange): ShownChange {
  const { path, op, from, to } = change;
  return {
    ...{ path, op },
    ...(from === undefined ? {} : { from: shortened(from) }),
    ...(to === undefined ? {} : { to: shortened(to) }),
  };
}

/** Long text is cut, and any other long value is told as the beginning of its JSON. */
function shortened(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= VALUE_LENGTH_MAX
    ? value
    : `${text.slice(0, VALUE_LENGTH_MAX)}… (${String(text.length)} characters)`;
}
