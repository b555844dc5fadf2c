/** How a cell is shown; it is padded already. */
export type PaintCell = (padded: string, cell: { text: string; row: number }) => string;

const GAP = '   ';

/** Rows with their cells below each other, one line each. */
export function columnsText(
  rows: readonly (readonly string[])[],
  paint: PaintCell = (padded) => padded,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, length);
    }
  }
  const lines = rows.map((cells, row) =>
    cells
      .map((text, column) => paint(text.padEnd(widths[column] ?? 0), { text, row }))
      .join(GAP)
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}
