import { expect, test } from 'vitest';

import { volumesTable } from '../../cli/volume-command.ts';

test('volumes are listed with node and data, or with the reason', () => {
  const claim = {
    namespace: 'shop',
    source: 'persistentVolumeClaim',
    action: 'fs-backup',
  } as const;
  const copy = { outcome: 'Complete', files: 2, bytes: 30, level: 'ReadBack' } as const;
  const rows = [
    { ...claim, name: 'shop/data', copy, node: 'node-a' },
    { ...claim, name: 'shop/late', reason: 'copy-failed' },
  ] as const;
  const lines = volumesTable(rows).rows.map((row) =>
    volumesTable(rows).columns.map(({ cell }) => cell(row)),
  );
  expect(lines.map((cells) => cells.slice(0, 4))).toEqual([
    ['shop/data', 'Complete', 'node-a', '2 files, 30 B, read back'],
    ['shop/late', 'None', '', 'the copy of its data failed (a gap)'],
  ]);
});
