import type { MovedVolumes } from '../domain/run-status.ts';
import type { VolumesInput } from './contract.ts';
import { countMoves } from './count-moves.ts';
import { moveVolumes } from './volume-batch.ts';

/** Copies one batch of the volumes of a backup into their repositories; a child of the backup. See `moveVolumes`. */
export async function backupVolumes(input: VolumesInput): Promise<MovedVolumes> {
  const { move, moved } = countMoves((agent, volume) => agent.copyVolume(volume));
  const size = await moveVolumes(input, { verb: 'Copy', move });
  return { ...moved(), size };
}
