import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { LocatedVolume, VolumeEnd, VolumeRun } from '../activities/volume-contract.ts';
import { recordTime } from '../domain/duration.ts';
import type { ActivityWait } from '../domain/run-status.ts';
import { withLeases } from './lease.ts';
import { reportOf } from './run-tracker.ts';

/** How long a batch waits for maintenance to let it have a repository, in milliseconds. */
const LEASE_WAIT_MS = 12 * 3_600_000;

/** The volumes of a batch, and whose batch it is. */
export interface LeasedBatch {
  readonly run: VolumeRun;
  readonly cluster: string;
  readonly patienceMs: number;
  readonly volumes: readonly LocatedVolume[];
  /** Says what all volumes wait for; nothing any more when left out. */
  readonly onWait: (wait?: ActivityWait) => void;
}

export interface LeasedWork {
  /** Moves the volumes; the epoch of a volume's lease is that of its repository. */
  readonly move: (epochOf: (volume: LocatedVolume) => number | undefined) => Promise<VolumeEnd[]>;
  /** What is done when the repositories are not to be had, so that nothing waits for the volumes. */
  readonly giveUp: () => Promise<unknown>;
}

/**
 * Moves the volumes of a batch while its run has leases of their repositories. A repository that is not to be had in time
 * makes every volume of the batch a failed one. A run needs none between its batches: its claim keeps its snapshots.
 */
export async function withBatchLeases(batch: LeasedBatch, work: LeasedWork): Promise<VolumeEnd[]> {
  const { run, cluster, patienceMs, volumes, onWait } = batch;
  const owners = volumes.flatMap(({ repository }) => repository ?? []);
  const [owner] = owners;
  if (owner === undefined) {
    // An activity of an earlier release does not say which repositories these are.
    return work.move(() => undefined);
  }
  const leases: { areHeld: boolean; since?: string } = { areHeld: false };
  const ask = {
    ...{ cluster, location: run.location, clusterUid: owner.clusterUid, patienceMs },
    ...{ namespaces: owners.map(({ namespace }) => namespace), purpose: run.kind },
    waitMs: LEASE_WAIT_MS,
    onWait: (wait?: { reason: string; deadlineMs: number }) => {
      if (wait === undefined) {
        onWait();
        return;
      }
      const { reason, deadlineMs } = wait;
      const since = (leases.since ??= recordTime(Date.now()));
      onWait({ reason, since, deadline: recordTime(deadlineMs) });
    },
  };
  try {
    return await withLeases(ask, (epochs) => {
      leases.areHeld = true;
      return work.move(({ repository }) => epochs.get(repository?.namespace ?? ''));
    });
  } catch (error) {
    if (leases.areHeld) {
      throw error;
    }
    await CancellationScope.nonCancellable(work.giveUp);
    if (isCancellation(error)) {
      throw error;
    }
    const failure = reportOf(error);
    return volumes.map(({ volume }) => ({ volume, failure }));
  }
}
