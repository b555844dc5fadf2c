import type { LocationPhase } from '../domain/location-check.ts';
import type { CheckResult } from '../domain/diagnosis/checks.ts';
import type { Phase } from '../domain/phase.ts';

/** What the exit status of a command says; docs/cli.md has the same table. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  failed: 5,
  partiallyFailed: 6,
  cancelled: 7,
  serverError: 8,
  interrupted: 130,
} as const;

/** The exit status for a run that ended. */
export function exitCodeOf(phase: Phase): number {
  const codes: Partial<Record<Phase, number>> = {
    Completed: EXIT.ok,
    PartiallyFailed: EXIT.partiallyFailed,
    Cancelled: EXIT.cancelled,
  };
  return codes[phase] ?? EXIT.failed;
}

/** The exit status for a location that was checked. */
export function exitCodeOfLocation(phase: LocationPhase): number {
  return { Available: EXIT.ok, Degraded: EXIT.partiallyFailed, Unavailable: EXIT.failed }[phase];
}

/** The exit status for the worst of what `doctor` looked at. */
export function exitCodeOfChecks(result: CheckResult): number {
  return { Ok: EXIT.ok, Warning: EXIT.partiallyFailed, Failed: EXIT.failed }[result];
}
