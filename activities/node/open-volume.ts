import { setTimeout as sleep } from 'node:timers/promises';

import { Failure, type FailureCode } from '../../domain/failure.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import type { RootMount } from '../engine/mount.ts';
import { type OpenRoot, openRoot } from '../engine/open-root.ts';
import type { MoveVolumeInput } from '../volume-contract.ts';
import { findVolumeFolder } from './volume-folder.ts';
import { requireMounted } from './volume-mount.ts';

/** Pause between two looks at a volume that is not mounted yet. */
const LOOK_MS = 50;
/** What is thrown while the kubelet is at it. */
const NOT_YET: ReadonlySet<FailureCode> = new Set(['volume-not-mounted', 'volume-unreadable']);

/** A volume that is mounted; whoever opens it closes its root. */
export interface OpenVolume {
  readonly root: OpenRoot;
  readonly mount: RootMount | undefined;
}

/** Which volume it is, and where it can be found. */
export interface VolumeThrough {
  readonly input: Pick<MoveVolumeInput, 'podUid' | 'persistentVolume' | 'mountedWithinMs'>;
  readonly volume: PlannedVolume;
}

/**
 * Opens the directory of a volume, below the kubelet's folder. One that is not mounted yet is waited for as long as the
 * input says. Throws `volume-not-mounted` and `volume-unreadable`.
 */
export async function openVolume(
  kubeletFolder: string,
  wanted: VolumeThrough,
  signal: AbortSignal,
): Promise<OpenVolume> {
  const deadline = Date.now() + (wanted.input.mountedWithinMs ?? 0);
  for (;;) {
    try {
      return await openNow(kubeletFolder, wanted);
    } catch (error) {
      const mayCome = error instanceof Failure && NOT_YET.has(error.code) && Date.now() < deadline;
      if (!mayCome) {
        throw error;
      }
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function openNow(
  kubeletFolder: string,
  { input, volume }: VolumeThrough,
): Promise<OpenVolume> {
  const folder = await findVolumeFolder(kubeletFolder, input, volume);
  const root = await openRoot(folder.path);
  try {
    return { root, mount: await requireMounted(root, { folder, volume }) };
  } catch (error) {
    await root.close();
    throw error;
  }
}
