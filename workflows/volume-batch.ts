import { setCurrentDetails, setHandler } from '@temporalio/workflow';

import type { LocatedPod, LocatedVolume, VolumeEnd } from '../activities/volume-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { HookEnds } from '../domain/hooks/hook-ends.ts';
import type { VolumeProgress } from '../domain/run-status.ts';
import { batchWords } from '../domain/run-words.ts';
import { activitiesOf } from './activity-profiles.ts';
import { withBatchLeases } from './batch-leases.ts';
import { PATIENCE_MS, type VolumesInput, volumesStatusQuery } from './contract.ts';
import { copyHooked, type HookedEnd, type HookedStep } from './hooked-pod.ts';
import { giveUp, moveVolume, type MoveStep, showWaiting, type VolumeMove } from './move-volume.ts';
import { inPool } from './pool.ts';
import { together } from './together.ts';

/** Volumes of a batch that are under way; how many of them a node copies at a time is its agent's affair. */
const VOLUMES_IN_FLIGHT = 16;
/** Pods of a batch that are frozen at the same time: what waits for its agent in a frozen pod keeps others waiting. */
const PODS_IN_FLIGHT = 4;

/**
 * Moves the data of one batch of volumes; what a child of a run does. The states of each volume:
 *
 * - `Waiting`: it is looked for, its repository is maintained, or its node has not taken the work yet.
 * - `Mounting`: nothing has it mounted, so that a pod that only mounts it is made.
 * - `Moving`: the agent of its node copies it, or writes it, and proves what it did. A volume that is no longer there is
 *   looked for again.
 * - `Done`, `Failed`: ended. What fails is an end of that volume alone.
 *
 * Gives the number of the volumes.
 */
export async function moveVolumes(input: VolumesInput, what: VolumeMove): Promise<number> {
  const { cluster, patienceMs = PATIENCE_MS } = input;
  const run = { ...input.run, batch: input.batch };
  const activities = activitiesOf(cluster, patienceMs);
  const states = new Map<number, VolumeProgress>();
  setHandler(volumesStatusQuery, () => [...states.values()]);
  const { volumes, pods = [] } = await activities.long('Find the volumes').locateVolumes(run);
  const steps = volumes.map(({ volume, name }): MoveStep => {
    const show: MoveStep['show'] = (progress) => {
      states.set(volume, { volume, name, ...progress });
      setCurrentDetails(batchWords([...states.values()]));
    };
    show({ state: 'Waiting' });
    return { ...what, run, cluster, patienceMs, activities, volume, name, show };
  });
  const hooks: HookEnds[] = [];
  const ends = await withBatchLeases(
    {
      ...{ run, cluster, patienceMs, volumes },
      onWait: (waitingFor) => {
        for (const step of steps) {
          showWaiting(step, waitingFor);
        }
      },
    },
    {
      move: (epochOf) => {
        const parts = volumes.map((located, index) => ({
          // There is a step for each volume.
          ...{ located, step: { ...(steps[index] as MoveStep), leaseEpoch: epochOf(located) } },
        }));
        return moveParts({ parts, pods, hooks, shared: { run, cluster, patienceMs, activities } });
      },
      giveUp: () =>
        inPool([...volumes.entries()], VOLUMES_IN_FLIGHT, ([index, { place }]) =>
          giveUp(steps[index] as MoveStep, place),
        ),
    },
  );
  await activities.cleanUp('Store how the volumes ended').recordVolumeEnds({
    ...{ ...run, ends },
    ...(hooks.length === 0 ? {} : { hooks }),
  });
  return volumes.length;
}

/** A volume of a batch, and the work on it. */
interface Part {
  readonly located: LocatedVolume;
  readonly step: MoveStep;
}

interface Parts {
  readonly parts: readonly Part[];
  readonly pods: readonly LocatedPod[];
  /** Gets how the hooks of the pods ended. */
  readonly hooks: HookEnds[];
  readonly shared: Omit<HookedStep, 'located'>;
}

/** Moves the volumes of pods with hooks pod by pod, and all others beside them. */
async function moveParts({ parts, pods, hooks, shared }: Parts): Promise<VolumeEnd[]> {
  const ofPods = new Set(pods.flatMap(({ volumes }) => volumes));
  const [hooked, others] = await together(
    () =>
      inPool(pods, PODS_IN_FLIGHT, async (located) => {
        const own = parts.filter(({ step }) => located.volumes.includes(step.volume));
        const end = await copyPod(own, { ...shared, located });
        hooks.push(end.hooks);
        return end.ends;
      }),
    () => moveAll(parts.filter(({ step }) => !ofPods.has(step.volume))),
  );
  return [...hooked.flat(), ...others];
}

function moveAll(parts: readonly Part[]): Promise<VolumeEnd[]> {
  return inPool(parts, VOLUMES_IN_FLIGHT, ({ step, located }) => moveVolume(step, located));
}

/**
 * Copies the volumes of a pod between its hooks, and says which of them were not read through it. Where another pod took
 * its place before, it is done with that one's hooks.
 */
async function copyPod(parts: readonly Part[], hooked: HookedStep): Promise<HookedEnd> {
  const since = recordTime(Date.now());
  for (const { step } of parts) {
    showWaiting(step, { reason: `the pre hooks of the pod ${hooked.located.name} run`, since });
  }
  const outside = new Set<number>();
  const { replacedBy, ...end } = await copyHooked(hooked, () =>
    moveAll(
      parts.map(({ step, located }) => {
        const onMoved = (podUid: string): void => {
          if (podUid !== hooked.located.uid) {
            outside.add(step.volume);
          }
        };
        return { located, step: { ...step, isUrgent: true, onMoved } };
      }),
    ),
  );
  if (replacedBy !== undefined) {
    return copyPod(parts, { ...hooked, located: replacedBy, isAgain: true });
  }
  const hooks = outside.size === 0 ? end.hooks : { ...end.hooks, outside: [...outside] };
  return { ends: end.ends, hooks };
}
