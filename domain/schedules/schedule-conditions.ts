import type { Condition } from '../condition.ts';
import type { StoredSchedule } from './schedule.ts';

/** A schedule as Temporal acts on it. */
export interface ToldSchedule {
  /** The generation that it was told last; undefined where it does not say. */
  readonly generation: number | undefined;
  readonly isPaused: boolean;
  /** When it was told last, RFC 3339. */
  readonly changedAt: string;
}

/**
 * The conditions of a schedule. `Ready`: Temporal acts on it as its location keeps it. `Paused`: it starts nothing by
 * itself. Nobody notes when they became so: they have the time of the last change instead.
 */
export function scheduleConditions(
  stored: Pick<StoredSchedule, 'creationTimestamp' | 'deletionTimestamp' | 'generation' | 'spec'>,
  told: ToldSchedule | undefined,
): Condition[] {
  const { creationTimestamp, deletionTimestamp } = stored;
  const lastTransitionTime = deletionTimestamp ?? told?.changedAt ?? creationTimestamp;
  return [
    { type: 'Ready', ...ready(stored, told), lastTransitionTime },
    { type: 'Paused', ...paused(stored, told), lastTransitionTime },
  ];
}

type Said = Pick<Condition, 'status' | 'reason' | 'message'>;

const MISSING = {
  reason: 'Missing',
  message: 'Temporal does not know it; PUT it again, or recover the schedules',
} as const;

function ready(
  { deletionTimestamp, generation, spec }: Parameters<typeof scheduleConditions>[0],
  told: ToldSchedule | undefined,
): Said {
  if (deletionTimestamp !== undefined) {
    const message = 'its deletion has begun; DELETE it again where it stays';
    return { status: 'False', reason: 'Deleting', message };
  }
  if (told === undefined) {
    return { status: 'False', ...MISSING };
  }
  if (told.generation !== generation) {
    const message = `Temporal acts on generation ${String(told.generation ?? 'unknown')} of ${String(generation)}; PUT it again`;
    return { status: 'False', reason: 'OutOfDate', message };
  }
  if (told.isPaused !== spec.paused) {
    const done = told.isPaused ? 'paused' : 'unpaused';
    const message = `it was ${done} in Temporal, which its location does not know; pause or unpause it`;
    return { status: 'False', reason: 'OutOfDate', message };
  }
  return { status: 'True', reason: 'Accepted', message: 'Temporal has it as it is kept' };
}

function paused(
  { spec }: Parameters<typeof scheduleConditions>[0],
  told: ToldSchedule | undefined,
): Said {
  if (told === undefined) {
    return { status: 'Unknown', ...MISSING };
  }
  return told.isPaused
    ? { status: 'True', reason: 'Paused', message: spec.note ?? 'nobody said why' }
    : { status: 'False', reason: 'Enabled', message: 'it starts backups at its times' };
}
