import { randomBytes } from 'node:crypto';

const ATTEMPT_BYTES = 6;

/** Part of the keys of what an attempt of an activity writes, which no other attempt has. */
export function newAttempt(): string {
  return randomBytes(ATTEMPT_BYTES).toString('hex');
}
