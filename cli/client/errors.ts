import type { Problem } from '../../domain/api-resource.ts';

/** A problem that the API answered. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** No answer of the API. */
export class UnreachableError extends Error {
  constructor(server: string, cause: unknown) {
    super(`the API at ${server} does not answer; start it, or name another with --server`, {
      cause,
    });
    this.name = 'UnreachableError';
  }
}
