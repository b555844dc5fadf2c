import { fields, list } from '../fields.ts';

/** Pause before a plugin is asked again that answers though an operation runs. */
const ASK_AGAIN_MS = 30_000;

/**
 * The pause after one of the given length: longer by a quarter each time, so that few dozens of them last for weeks, each
 * being an event or more of a history, and none is late by more than a quarter of the time that was waited.
 */
export function nextPause(pauseMs: number): number {
  return Math.max(Math.ceil(1.25 * pauseMs), ASK_AGAIN_MS);
}

/** Whether a plugin says that one of its operations runs. Looks at nothing else: the answer is not checked. */
export function saysRunning(answer: unknown): boolean {
  return list(fields(answer)['operations']).some((status) => fields(status)['phase'] === 'Running');
}
