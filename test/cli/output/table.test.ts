import { expect, test } from 'vitest';

import { type Table, tableText } from '../../../cli/output/table.ts';

interface Row {
  readonly name: string;
  readonly note?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const SHOWN = { isWide: false, hasHeadings: true };

function tableOf(rows: readonly Row[]): Table<Row> {
  return {
    rows,
    columns: [
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'UID', cell: () => 'u', when: 'wide' },
      { heading: 'NOTE', cell: ({ note = '' }) => note, when: 'filled' },
    ],
    labels: ({ labels }) => labels,
  };
}

test('a column for what few rows have is there when one has it', () => {
  expect(tableText(tableOf([{ name: 'a' }]), SHOWN)).toBe('NAME\na\n');
  expect(tableText(tableOf([{ name: 'a' }, { name: 'b', note: 'n' }]), SHOWN)).toBe(
    'NAME   NOTE\na\nb      n\n',
  );
});

test('wide shows more columns, without headings there are rows alone, and without rows nothing', () => {
  const table = tableOf([{ name: 'a' }]);
  expect(tableText(table, { isWide: true, hasHeadings: true })).toBe('NAME   UID\na      u\n');
  expect(tableText(table, { isWide: true, hasHeadings: false })).toBe('a   u\n');
  expect(tableText(tableOf([]), SHOWN)).toBe('');
});

test('labels have a column each, headed as kubectl heads them, and one for all', () => {
  const table = tableOf([
    { name: 'a', labels: { 'example.com/team': 't', app: 'x' } },
    { name: 'b' },
  ]);
  const options = { ...SHOWN, labelColumns: ['example.com/team'], showLabels: true };
  expect(tableText(table, options)).toBe(
    'NAME   TEAM   LABELS\na      t      example.com/team=t,app=x\nb             <none>\n',
  );
});

test('what is painted as a heading is no row when there are no headings', () => {
  const paint = (padded: string, { row }: { row: number }): string =>
    row === 0 ? `<${padded}>` : padded;
  const table = { ...tableOf([{ name: 'a' }]), paint };
  expect(tableText(table, SHOWN)).toBe('<NAME>\na\n');
  expect(tableText(table, { isWide: false, hasHeadings: false })).toBe('a\n');
});
