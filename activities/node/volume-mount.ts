import { Failure } from '../../domain/failure.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import { inspectMount, isStillInPlace, type RootMount } from '../engine/mount.ts';
import type { OpenRoot } from '../engine/open-root.ts';
import type { VolumeFolder } from './volume-folder.ts';

/**
 * What is mounted at the root of a volume; undefined for a folder of the node that is no mount point and need not be.
 * Throws `volume-not-mounted`: what is in the folder then is not the volume.
 */
export async function requireMounted(
  root: OpenRoot,
  { folder, volume }: { readonly folder: VolumeFolder; readonly volume: PlannedVolume },
): Promise<RootMount | undefined> {
  const mount = await inspectMount(root);
  if (mount === undefined && folder.isMountPoint) {
    const name = volumeName(volume);
    const text = `nothing is mounted at the kubelet's folder of the volume ${name}, and what is in the folder is not the volume; start its pod anew`;
    throw new Failure('volume-not-mounted', text, { subject: name });
  }
  return mount;
}

/** Throws `volume-moved` when something else, or nothing, is mounted now where the volume was. */
export async function requireStillMounted(
  root: OpenRoot,
  { mount, volume }: { readonly mount: RootMount | undefined; readonly volume: PlannedVolume },
): Promise<void> {
  if (!(await isStillInPlace(root, mount))) {
    const name = volumeName(volume);
    const text = `the volume ${name} was unmounted while it was worked on, so that what was done is void`;
    throw new Failure('volume-moved', text, { subject: name });
  }
}
