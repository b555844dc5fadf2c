import { continueAsNew, patched, setCurrentDetails } from '@temporalio/workflow';

import { activitiesOf } from './activity-profiles.ts';
import type { DeleteInput, DeleteResult } from './contract.ts';
import { deleteFromPlugins } from './plugin-cancel.ts';
import { endLeft } from './run-plugins.ts';

/**
 * Deletes an ended backup or restore from its location. A backup that somebody holds stays. Plugins remove what they keep
 * of a backup, and then its files go. The record goes first, so that nobody restores from what is half gone; then
 * everything else, and last the claim, so that an attempt that is repeated still knows whose files these are, and the
 * tombstone. Cancelled or failed, it is started again by another request.
 */
export async function deleteRun(input: DeleteInput): Promise<DeleteResult> {
  const { kind, location, name, runUid } = input;
  setCurrentDetails(`**Deleting** · ${kind.toLowerCase()} ${name} of location ${location}`);
  const { cluster, patienceMs } = input;
  const of = {
    ...{ run: { kind, location, name, runUid }, cluster },
    ...(patienceMs === undefined ? {} : { patienceMs }),
  };
  if (input.handedOn === undefined) {
    await begin(input);
  }
  if (input.handedOn === undefined && patched('ends-what-plugins-began')) {
    await endLeft(of);
  }
  if (kind === 'Backup' && patched('deletes-from-plugins')) {
    const handedOn = await deleteFromPlugins(of, input.handedOn);
    if (handedOn !== undefined) {
      return continueAsNew<typeof deleteRun>({ ...input, handedOn });
    }
  }
  return activitiesOf(input.cluster, input.patienceMs)
    .long(`Delete ${kind.toLowerCase()} ${name}`)
    .deleteRun({ kind, location, name, runUid });
}

/** Throws `held`, and `still-running` while a restore reads the backup. */
async function begin({ kind, location, name, runUid, ...input }: DeleteInput): Promise<void> {
  if (kind !== 'Backup' || !patched('begins-deletion')) {
    return;
  }
  const { cluster, patienceMs, isExpiry } = input;
  await activitiesOf(cluster, patienceMs)
    .long(`Begin the deletion of backup ${name}`)
    .beginDeletion({
      ...{ location, name, runUid },
      ...(isExpiry === undefined ? {} : { isExpiry }),
    });
}
