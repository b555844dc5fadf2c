import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure } from '../../domain/failure.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import type { MoveVolumeInput } from '../volume-contract.ts';

/** Where the kubelet mounts volumes of CSI drivers, below the folder of the volume. */
const CSI_PLUGIN = 'kubernetes.io~csi';
const CSI_MOUNT = 'mount';
const EMPTY_DIR_PLUGIN = 'kubernetes.io~empty-dir';

/** The folder of a volume on its node. */
export interface VolumeFolder {
  readonly path: string;
  /** Whether something must be mounted there; an `emptyDir` on disk is a folder of the node. */
  readonly isMountPoint: boolean;
}

/**
 * Finds the folder of a pod's volume: `pods/<uid>/volumes/<plugin>/<name>`, where the name is that of the persistent
 * volume, or of the pod's own volume. The names are the kubelet's (its pkg/kubelet/kubelet_getters.go). Throws
 * `volume-not-mounted` when there is none.
 */
export async function findVolumeFolder(
  kubeletFolder: string,
  { podUid, persistentVolume }: Pick<MoveVolumeInput, 'podUid' | 'persistentVolume'>,
  volume: Pick<PlannedVolume, 'namespace' | 'pod' | 'volume' | 'claim' | 'persistentVolume'>,
): Promise<VolumeFolder> {
  const volumes = join(kubeletFolder, 'pods', podUid, 'volumes');
  const name = persistentVolume ?? volume.persistentVolume ?? volume.volume ?? '';
  for (const plugin of await namesIn(volumes)) {
    const names = await namesIn(join(volumes, plugin));
    if (name !== '' && names.includes(name)) {
      const folder = join(volumes, plugin, name);
      return {
        path: plugin === CSI_PLUGIN ? join(folder, CSI_MOUNT) : folder,
        isMountPoint: plugin !== EMPTY_DIR_PLUGIN,
      };
    }
  }
  throw new Failure(
    'volume-not-mounted',
    `the kubelet of the node has no folder for the volume ${volumeName(volume)} of the pod; it is not mounted yet, or no longer`,
    { subject: volumeName(volume) },
  );
}

/** Names in a folder, in a fixed order; none where the folder is not there. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}
