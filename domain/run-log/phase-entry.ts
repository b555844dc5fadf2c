import type { PhaseChange } from '../run-status.ts';
import type { RunLogEntry } from './entry.ts';

/** The line that tells of a phase, or of a step of it. */
export function phaseEntry({ time, phase, step }: PhaseChange): RunLogEntry {
  return {
    ...{ time, level: 'info', source: 'holdfast', step },
    message: `${phase}: ${step}`,
    phase,
  };
}
