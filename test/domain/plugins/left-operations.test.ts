import { expect, test } from 'vitest';

import { joinLeft, leftReports } from '../../../domain/plugins/left-operations.ts';

const away = (plugin: string) => {
  const message = `nobody serves ${plugin}`;
  return { code: 'plugin-not-served', message, subject: `plugin ${plugin}` } as const;
};

test('operations that go on are counted by plugin, with the first reason', () => {
  const left = [
    { plugin: 'a', batches: [0], operations: 20, failure: away('a') },
    { plugin: 'b', batches: [1], operations: 7, failure: away('b') },
    {
      ...{ plugin: 'a', batches: [4], operations: 3 },
      failure: { code: 'plugin-failed', message: 'later', subject: 'plugin a' } as const,
    },
  ];
  expect(joinLeft(left)).toEqual([
    { plugin: 'a', batches: [0, 4], operations: 23, failure: away('a') },
    { plugin: 'b', batches: [1], operations: 7, failure: away('b') },
  ]);
  expect(leftReports(left)).toEqual([
    { ...away('a'), message: 'up to 23 operations may go on: nobody serves a' },
    { ...away('b'), message: 'up to 7 operations may go on: nobody serves b' },
  ]);
  // Joined again, they are the same.
  expect(joinLeft(joinLeft(left))).toEqual(joinLeft(left));
});
