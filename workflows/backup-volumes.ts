import type { VolumesInput } from './contract.ts';
import { moveVolumes } from './volume-batch.ts';

/** Copies one batch of the volumes of a backup into their repositories; a child of the backup. See `moveVolumes`. */
export async function backupVolumes(input: VolumesInput): Promise<void> {
  await moveVolumes(input, {
    verb: 'Copy',
    move: (agent, volume) => agent.copyVolume(volume),
  });
}
