import type { ObjectStore } from './object-store/port.ts';

/**
 * Nothing is ever there. It is listed, not looked at: a bucket that is not there answers the latter as one that
 * merely lacks the key.
 */
const PROBE_PREFIX = 'metadata/holdfast/probe/';

/** Asks a store for the least that shows that it answers. Throws what the store throws. */
export async function probeStore(store: ObjectStore): Promise<void> {
  await store.list(PROBE_PREFIX)[Symbol.asyncIterator]().next();
}
