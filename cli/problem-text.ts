import type { Problem } from '../domain/api-resource.ts';
import { color } from './output/color.ts';

/** A problem, for people. */
export function problemText(problem: Problem): string {
  const errors = problem.errors ?? [];
  // Some problems name all of it in their sentence.
  const isTold = errors.every(({ detail }) => problem.detail.includes(detail));
  return [
    `${color.red('error')}: ${problem.title}: ${problem.detail}`,
    ...(isTold ? [] : errors.map(({ detail }) => `  ${detail}`)),
    color.dim(`code ${problem.code}, request ${problem.requestId}`),
    '',
  ].join('\n');
}
