import { columnsText, type PaintCell } from '../columns.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
  /** `wide`: only with `-o wide`. `filled`: only where a row has something in it. */
  readonly when?: 'wide' | 'filled';
}

/** Rows for people. */
export interface Table<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** The labels of a row, of what has labels. */
  readonly labels?: (row: Row) => Readonly<Record<string, string>> | undefined;
  readonly paint?: PaintCell;
}

/** How a table is shown. */
export interface TableOptions {
  readonly isWide: boolean;
  readonly hasHeadings: boolean;
  readonly showLabels?: boolean;
  /** Labels that have a column of their own. */
  readonly labelColumns?: readonly string[];
}

/** A line for the headings and one for each row; nothing without rows. */
export function tableText<Row>(table: Table<Row>, options: TableOptions): string {
  const { rows, paint } = table;
  if (rows.length === 0) {
    return '';
  }
  const columns = [
    ...table.columns.filter((column) => isShown(column, table, options)),
    ...labelColumns(table, options),
  ];
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const headings = columns.map(({ heading }) => heading);
  return options.hasHeadings
    ? columnsText([headings, ...cells], paint)
    : columnsText(
        cells,
        paint && ((padded, { text, row }) => paint(padded, { text, row: row + 1 })),
      );
}

function isShown<Row>(
  { when, cell }: Column<Row>,
  { rows }: Table<Row>,
  { isWide }: TableOptions,
): boolean {
  return when === 'filled' ? rows.some((row) => cell(row) !== '') : when === undefined || isWide;
}

/** As kubectl heads them: by the last part of their key. */
function labelColumns<Row>(
  { labels }: Table<Row>,
  { showLabels = false, labelColumns: keys = [] }: TableOptions,
): Column<Row>[] {
  const own = keys.map((key) => ({
    heading: (key.split('/').at(-1) ?? key).toUpperCase(),
    cell: (row: Row) => labels?.(row)?.[key] ?? '',
  }));
  const all = { heading: 'LABELS', cell: (row: Row) => labelsText(labels?.(row) ?? {}) };
  return showLabels ? [...own, all] : own;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.join(',');
}
