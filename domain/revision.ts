import type { KubernetesObject } from './item.ts';

/** Which state of a thing this is: a later one of its name has another uid, and each change of its spec counts. */
export interface Revision {
  readonly uid: string;
  readonly generation: number;
}

/**
 * Throws `precondition-failed` unless a thing is as the sender of a request has seen it; undefined where there is none.
 * Who writes calls it with what the write is bound to, so that nothing comes in between.
 */
export type Precondition = (revision: Revision | undefined) => void;

/** The state of a custom resource, as its cluster counts. */
export function revisionOf({ uid = '', generation }: KubernetesObject['metadata']): Revision {
  return { uid, generation: typeof generation === 'number' ? generation : 0 };
}
