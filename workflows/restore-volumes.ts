import type { MovedVolumes } from '../domain/run-status.ts';
import type { VolumesInput } from './contract.ts';
import { countMoves } from './count-moves.ts';
import { moveVolumes } from './volume-batch.ts';

/**
 * Writes the data of one batch of volumes into them; a child of the restore. See `moveVolumes`. A pod that waits for a
 * volume of its own starts without its data when that does not come.
 */
export async function restoreVolumes(input: VolumesInput): Promise<MovedVolumes> {
  const { move, moved } = countMoves((agent, volume) => agent.restoreVolume(volume));
  const size = await moveVolumes(input, {
    verb: 'Restore',
    move,
    giveUp: (agent, volume) => agent.openGate(volume),
  });
  return { ...moved(), size };
}
