import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type BackupProblems, countProblems, joinProblems } from '../../domain/backup.ts';
import type { FailureReport } from '../../domain/failure.ts';

function report(subject: string): FailureReport {
  return { code: 'cluster-forbidden', message: `${subject} may not be listed`, subject };
}

function forbidden(subjects: readonly string[]): BackupProblems {
  return { errors: subjects.map(report), warnings: [] };
}

test('problems of several steps are told once each', () => {
  const joined = joinProblems([forbidden(['a', 'b']), forbidden(['b', 'c'])]);
  expect(joined).toEqual(forbidden(['a', 'b', 'c']));
  expect(countProblems(joined)).toEqual({ errors: 3, warnings: 0 });
});

test('however many there are, 50 are told and all are counted', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 4 }), (sizes) => {
      const parts = sizes.map((size, part) =>
        forbidden(Array.from({ length: size }, (_, index) => `${String(part)}-${String(index)}`)),
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      // Steps join what they gathered, and the end joins the steps.
      const joined = joinProblems(parts.map((part) => joinProblems([part])));
      expect(joined.errors.length).toBe(Math.min(50, total));
      expect(countProblems(joined)).toEqual({ errors: total, warnings: 0 });
      expect(joined.more === undefined).toBe(total <= 50);
    }),
  );
});
