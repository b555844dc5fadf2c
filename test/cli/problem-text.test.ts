import { stripVTControlCharacters } from 'node:util';

import { expect, test } from 'vitest';

import { problemText } from '../../cli/problem-text.ts';
import type { Problem } from '../../domain/api-resource.ts';

// Goal: a person reads every error of a problem, and none of them twice.

const PROBLEM: Problem = {
  ...{ type: 'about:blank', title: 'No', status: 422, instance: '/', code: 'type-not-served' },
  ...{ requestId: 'r1', retryable: false, detail: '' },
};

function linesOf(detail: string, errors: readonly string[]): string[] {
  const text = problemText({
    ...PROBLEM,
    detail,
    errors: errors.map((one) => ({ pointer: '/spec', code: 'type-not-served', detail: one })),
  });
  return stripVTControlCharacters(text).trimEnd().split('\n');
}

test('errors that the sentence of a problem names are not listed again', () => {
  const last = 'code type-not-served, request r1';
  expect(linesOf('a and b', ['a', 'b'])).toEqual(['error: No: a and b', last]);
  expect(linesOf('a', ['a', 'b'])).toEqual(['error: No: a', '  a', '  b', last]);
  expect(linesOf('a', ['a'])).toEqual(['error: No: a', last]);
});
