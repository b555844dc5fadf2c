import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GATE } from '../../domain/restore/pod-gate.ts';
import type { PlannedVolume } from '../../domain/volumes/volume-plan.ts';
import type { MoveVolumeInput } from '../volume-contract.ts';
import { readBatch, volumeOf } from '../volumes/volume-batch.ts';
import type { NodeDependencies } from './dependencies.ts';
import { findVolumeFolder } from './volume-folder.ts';

/** See `NodeActivities.openGate`. */
export async function openGate(deps: NodeDependencies, input: MoveVolumeInput): Promise<void> {
  const batch = await readBatch(deps.store(input.location), input);
  await openGateOf(deps.kubeletFolder, input.podUid, volumeOf(batch, input.volume));
}

/** Opens the gate of one volume of a pod; claims have none. May be repeated. Throws `volume-not-mounted`. */
export async function openGateOf(
  kubeletFolder: string,
  podUid: string,
  { namespace, pod, volume, claim }: PlannedVolume,
): Promise<void> {
  if (claim !== undefined || pod === undefined || volume === undefined) {
    return;
  }
  const gate = { namespace, pod, volume: GATE };
  const { path } = await findVolumeFolder(kubeletFolder, { podUid }, gate);
  await writeFile(join(path, volume), '');
}
