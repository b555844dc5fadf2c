import type { MovedVolumes } from '../domain/run-status.ts';
import type { VolumeMove } from './move-volume.ts';

/** Counts what is moved on the way, for whoever shows how far the run is. */
export function countMoves(move: VolumeMove['move']): {
  readonly move: VolumeMove['move'];
  readonly moved: () => MovedVolumes;
} {
  let moved: MovedVolumes = { volumes: 0, files: 0, bytes: 0 };
  return {
    move: async (agent, input) => {
      const volume = await move(agent, input);
      moved = {
        volumes: moved.volumes + 1,
        files: moved.files + volume.files,
        bytes: moved.bytes + volume.bytes,
      };
      return volume;
    },
    moved: () => moved,
  };
}
