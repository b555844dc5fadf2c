import { expect, test } from 'vitest';

import { operationLines, operationsText } from '../../cli/operation-lines.ts';

test('a run without operations has no line for them', () => {
  expect(operationLines(undefined)).toEqual([]);
});

test('operations that have ended are counted', () => {
  expect(operationsText({ total: 5, completed: 3, failed: 0 })).toBe('3 of 5 ended');
  expect(operationsText({ total: 5, completed: 3, failed: 2 })).toBe('5 of 5 ended, 2 failed');
});

test('operations that run are told with what their plugins say, the first of them', () => {
  const plain = Array.from({ length: 4 }, (_, index) => ({ requestId: `r${String(index)}` }));
  const running = [
    ...[
      { requestId: 'a', done: 1024, total: 2048, unit: 'bytes', description: 'uploading' },
      { requestId: 'b', done: 3, unit: 'files' },
      { requestId: 'c', done: 7, total: 9 },
    ],
    ...plain,
  ];
  expect(operationLines({ total: 9, completed: 1, failed: 1, running })).toEqual([
    ['Operations', '2 of 9 ended, 1 failed'],
    ['Operation', 'uploading: 1.0 KiB of 2.0 KiB'],
    ['Operation', 'b: 3 files'],
    ['Operation', 'c: 7 of 9'],
    ['Operation', 'r0'],
    ['Operation', 'r1'],
    ['Operation', 'and 2 more'],
  ]);
});
