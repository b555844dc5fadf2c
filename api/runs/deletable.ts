import { type Hold, heldFailure } from '../../domain/hold.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { requireOwn } from '../../storage/location-owner.ts';
import { requireUnlocked } from '../../storage/object-lock.ts';
import { requireUnread } from '../../storage/reading-restore.ts';
import type { RunSources } from './live.ts';

/**
 * Throws why a backup is not deleted, as far as that is known before its deletion begins, which looks again: `held`,
 * `object-locked`, `location-owned`, or `still-running` for one that a restore reads.
 */
export async function requireDeletable(
  { temporal, store: storeOf }: RunSources,
  key: RunKey,
  hold: Hold | undefined,
): Promise<void> {
  if (hold !== undefined) {
    throw heldFailure(key.name, hold);
  }
  const store = storeOf(key.location);
  await requireUnlocked(store, key.name);
  const installation = await temporal.installation();
  await requireOwn(store, { location: key.location, installation });
  const claim = (await readBackup(store, key.name))?.claim;
  // Of a deletion that has begun, the backup can be read no more, and no restore was let in since.
  if (claim?.deletion === undefined) {
    const isClosed = (run: { readonly workflowId: string; readonly runId: string }) =>
      temporal.isClosed(run);
    await requireUnread({ store, installation, isClosed }, key);
  }
}
