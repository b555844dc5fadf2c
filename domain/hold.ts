import { Failure } from './failure.ts';

/** Somebody's wish that a backup stays until it is released. */
export interface Hold {
  readonly reason: string;
  /** RFC 3339. */
  readonly since: string;
}

/** Why a backup is not deleted that somebody holds. */
export function heldFailure(name: string, { reason }: Hold): Failure {
  const text = `the backup ${name} is held (${reason}); holdfast backup release ${name} lets it go`;
  return new Failure('held', text, { subject: name });
}
