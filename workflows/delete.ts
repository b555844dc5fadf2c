import { setCurrentDetails } from '@temporalio/workflow';

import { activitiesOf } from './activity-profiles.ts';
import type { DeleteInput, DeleteResult } from './contract.ts';

/**
 * Deletes an ended backup or restore from its location. One state: the record goes first, so that nobody restores
 * from what is half gone; then everything else, and last the claim, so that an attempt that is repeated still knows
 * whose files these are. Cancelled or failed, it is started again by another request.
 */
export async function deleteRun(input: DeleteInput): Promise<DeleteResult> {
  const { kind, location, name, runUid } = input;
  setCurrentDetails(`**Deleting** · ${kind.toLowerCase()} ${name} of location ${location}`);
  return activitiesOf(input.cluster, input.patienceMs)
    .long(`Delete ${kind.toLowerCase()} ${name}`)
    .deleteRun({ kind, location, name, runUid });
}
