import { stringify } from 'yaml';

import { type Format, isForPeople } from './format.ts';
import { type Table, tableText } from './table.ts';

/** What the flags say about printing. */
export interface PrintOptions {
  readonly output: Format;
  readonly quiet?: true;
  /** False with `--no-headers`. */
  readonly headers?: boolean;
  readonly showLabels?: true;
  readonly labelColumns?: readonly string[];
}

/** What people see of an answer: rows, lines, or a sentence, which is no data and goes to standard error. */
export type View<Row> = (
  | { readonly table: Table<Row> }
  | { readonly text: () => string }
  | { readonly message: () => string }
) & {
  /** What `-o name` prints, where an answer has no names of its own. */
  readonly names?: () => readonly string[];
};

/** Prints what the API answered: unchanged for programs, and for people what they want to see of it. */
export function print<Row>(value: unknown, options: PrintOptions, view: View<Row>): void {
  const { output } = options;
  if (!isForPeople(output)) {
    process.stdout.write(dataText(value, output, view.names));
  } else if ('table' in view) {
    process.stdout.write(
      tableText(view.table, {
        isWide: output === 'wide',
        hasHeadings: options.headers !== false,
        showLabels: options.showLabels === true,
        ...(options.labelColumns === undefined ? {} : { labelColumns: options.labelColumns }),
      }),
    );
  } else if ('text' in view) {
    process.stdout.write(view.text());
  } else {
    note(options, view.message());
  }
}

/** Says something that is no data, unless nothing is to be said. */
export function note({ quiet }: Pick<PrintOptions, 'quiet'>, text: string): void {
  if (quiet !== true) {
    process.stderr.write(text);
  }
}

/** An answer of the API for programs. */
export function dataText(
  value: unknown,
  format: Exclude<Format, 'table' | 'wide'>,
  names: () => readonly string[] = () => namesOf(value),
): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`;
    case 'yaml':
      return stringify(value);
    case 'name':
      return names()
        .map((name) => `${name}\n`)
        .join('');
    default:
      return format.print(value);
  }
}

interface Named {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly items?: readonly Named[];
}

/** `backup/first`, of a resource or of each in a list. */
function namesOf(value: unknown): string[] {
  // Only what has the fields is asked for them.
  const { kind, metadata, items } = value as Named;
  if (items !== undefined) {
    return items.flatMap(namesOf);
  }
  return kind === undefined || metadata?.name === undefined
    ? []
    : [`${kind.toLowerCase()}/${metadata.name}`];
}
