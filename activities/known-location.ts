import { Failure } from '../domain/failure.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Runs an activity's body, and once more when it met a location that this process did not know and does now: a location
 * that was made a moment ago. Bodies look their location up before they do anything.
 */
export async function withKnownLocation<Result>(
  { refreshLocations }: Pick<Dependencies, 'refreshLocations'>,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const isUnknown = error instanceof Failure && error.code === 'unknown-location';
    if (!isUnknown || !(await refreshLocations())) {
      throw error;
    }
    return run();
  }
}
