import type { RunReference } from '../run-reference.ts';

/**
 * Annotation of a claim whose data a restore has still to write, or could not write. Its value names the run, so that
 * another restore can tell whether that is still at work.
 */
export const DATA_MARK = 'holdfast.dev/data-pending';

/** The value of the annotation: `<location>/<restore>/<run uid>`. */
export function dataMark({ location, name, runUid }: RunReference): string {
  return `${location}/${name}/${runUid}`;
}

/** The run that a mark names; undefined for what no restore has written. */
export function markedBy(mark: string): RunReference | undefined {
  const [location = '', name = '', runUid = '', ...more] = mark.split('/');
  return runUid === '' || more.length > 0 ? undefined : { location, name, runUid };
}
