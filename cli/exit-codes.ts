import type { Problem } from '../domain/api-resource.ts';
import type { LocationPhase } from '../domain/location-check.ts';
import type { CheckResult } from '../domain/diagnosis/checks.ts';
import type { Phase } from '../domain/phase.ts';

/** What the exit status of a command says; docs/cli.md has the same table. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  partiallyFailed: 3,
  failed: 4,
  notFound: 5,
  denied: 6,
  conflict: 7,
  timedOut: 124,
  interrupted: 130,
} as const;

/** From which end on `--fail-on` takes a run for a failure. */
export const FAIL_ON = ['partial', 'failed'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The exit status for a run that ended; what is not known is a failure. */
export function exitCodeOf(phase: Phase, failOn: FailOn = 'partial'): number {
  if (phase === 'PartiallyFailed') {
    return failOn === 'partial' ? EXIT.partiallyFailed : EXIT.ok;
  }
  return phase === 'Completed' ? EXIT.ok : EXIT.failed;
}

/** The exit status for a problem that the API answered, or a status of HTTP that stands for another failure. */
export function exitCodeOfProblem({ status }: Pick<Problem, 'status'>): number {
  return PROBLEM_CODES[status] ?? EXIT.error;
}

const PROBLEM_CODES: Readonly<Partial<Record<number, number>>> = {
  401: EXIT.denied,
  403: EXIT.denied,
  404: EXIT.notFound,
  409: EXIT.conflict,
  412: EXIT.conflict,
};

/** The exit status for a location that was checked. */
export function exitCodeOfLocation(phase: LocationPhase): number {
  return { Available: EXIT.ok, Degraded: EXIT.partiallyFailed, Unavailable: EXIT.failed }[phase];
}

/** The exit status for the worst of what `doctor` looked at. */
export function exitCodeOfChecks(result: CheckResult): number {
  return { Ok: EXIT.ok, Warning: EXIT.partiallyFailed, Failed: EXIT.failed }[result];
}
