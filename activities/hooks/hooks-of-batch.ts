import pLimit from 'p-limit';

import type { FailureReport } from '../../domain/failure.ts';
import type { HookEnds } from '../../domain/hooks/hook-ends.ts';
import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { leftHooks } from '../../domain/hooks/left-hooks.ts';
import { backupFolder, hookEndsKey, hookRunsKey } from '../../domain/object-key.ts';
import type { CopyBatch, HookedPod } from '../../domain/volumes/volume-plan.ts';
import { readJsonGz, readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { BatchInput } from '../volume-contract.ts';
import { readBatch } from '../volumes/volume-batch.ts';
import type { ReadEnd } from '../volumes/volume-ends.ts';
import { hookedPodOf } from './hooked-pod.ts';

/** Files of hooks that are read at the same time. */
const READS_IN_FLIGHT = 8;

/** What is known of the hooks of the pods of a batch, and of the volumes that are not as they should be for them. */
export interface HooksOfBatch {
  readonly pods: readonly PodHookReport[];
  /** Of each volume that was to be copied between hooks how it was, by its number in the run. */
  readonly held: ReadonlyMap<number, Held>;
}

/** Whether a volume was copied while its pod was as its pre hooks made it, or whether a hook that failed may fail. */
export type Held = 'Held' | 'Lost' | 'Excused';

/** Reads how the hooks of a batch ended; every pod that was planned with hooks is told of. */
export async function hooksOfBatch(
  store: ObjectStore,
  run: BatchInput,
  volumes: readonly ReadEnd[],
): Promise<HooksOfBatch> {
  const key = hookEndsKey(backupFolder(run.name), run);
  // The object under this key was written by `recordVolumeEnds` of the same run.
  const ends = ((await readJsonGzIfThere(store, key)) ?? []) as readonly HookEnds[];
  // The batch of a backup was stored by `planVolumes`.
  const { pods = [] } = (await readBatch(store, run)) as CopyBatch;
  const held = new Map<number, Held>();
  const byPod = new Map(ends.map((end) => [end.pod, end]));
  const reports = await pLimit(READS_IN_FLIGHT).map(pods, async (planned, pod) => {
    const end = byPod.get(pod) ?? { pod, isHeld: false, failure: whyNone(planned, volumes) };
    const input = { ...run, pod, isAgain: true } as const;
    const hooked =
      end.isAgain === true ? await hookedPodOf({ store: () => store }, input) : planned;
    for (const volume of hooked.pre.length > 0 ? hooked.volumes : []) {
      held.set(volume, heldOf(volume, end));
    }
    return reportOf(hooked, end, await runsOf(store, run, end));
  });
  return { pods: reports, held };
}

function heldOf(volume: number, { outside = [], isHeld, isExcused }: HookEnds): Held {
  if (isHeld && !outside.includes(volume)) {
    return 'Held';
  }
  return isExcused === true ? 'Excused' : 'Lost';
}

function reportOf(hooked: HookedPod, end: HookEnds, runs: readonly HookRun[]): PodHookReport {
  const { pod, pre } = hooked;
  return {
    ...{ namespace: pod.namespace, pod: pod.name },
    ...(pre.length === 0 ? {} : { isHeld: end.isHeld }),
    ...leftHooks(hooked, end, runs),
    runs,
  };
}

/** Why nothing of a pod was begun: what its volumes have failed of, or those of its batch. */
function whyNone(hooked: HookedPod, volumes: readonly ReadEnd[]): FailureReport {
  const failed = volumes.flatMap((end) => (end.kind === 'failed' ? [end] : []));
  const own = failed.find(({ volume }) => hooked.volumes.includes(volume.index));
  const { code, message } = (own ?? failed[0])?.failure ?? UNTOLD;
  return { code, message };
}

const UNTOLD: FailureReport = { code: 'hook-failed', message: 'its volumes ended without them' };

async function runsOf(store: ObjectStore, run: BatchInput, end: HookEnds): Promise<HookRun[]> {
  const attempts = [
    { phase: 'pre', attempt: end.preAttempt },
    { phase: 'post', attempt: end.postAttempt },
  ] as const;
  const parts = await Promise.all(
    attempts.map(async ({ phase, attempt }) => {
      if (attempt === undefined) {
        return [];
      }
      const key = hookRunsKey(backupFolder(run.name), { ...run, pod: end.pod, phase, attempt });
      // The object under this key was written by `freezePod` or `thawPod` of the same run.
      return (await readJsonGz(store, key)) as HookRun[];
    }),
  );
  return parts.flat();
}
