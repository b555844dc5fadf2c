import { setTimeout as sleep } from 'node:timers/promises';

import pLimit from 'p-limit';

import { recordTime } from '../../domain/duration.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { volumeName } from '../../domain/volumes/volume-name.ts';
import type { RestoredVolume } from '../../domain/volumes/restored-volumes.ts';
import type { CopyBatch, PlannedVolume, VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import { nodeTaskQueue } from '../../domain/workflow-id.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { locatedPod } from '../hooks/hooked-pod.ts';
import type {
  LocatedPod,
  LocatedVolume,
  LocateVolumesInput,
  LocateVolumesResult,
  VolumePlace,
  VolumeRun,
} from '../volume-contract.ts';
import {
  isAtGate,
  isBeforeGate,
  isOnItsWay,
  isRunning,
  type LivePod,
  podsWithClaim,
  readPod,
} from './pods.ts';
import { readBatch } from './volume-batch.ts';

/** Volumes that are looked for at the same time. */
const LOOKS_IN_FLIGHT = 8;
/** How long a pod that starts or goes is waited for. */
const POD_WAIT_MS = 60_000;
/** How long a restored pod is waited for, which may need a node and its claims first. */
const GATE_WAIT_MS = 5 * 60_000;
/** How long the agent of a node is waited for that has not been heard of. */
const AGENT_WAIT_MS = 15_000;
const POLL_MS = 1000;

/** See `VolumeActivities.locateVolumes`. */
export function locateVolumes(
  deps: Dependencies,
  input: LocateVolumesInput,
): Promise<LocateVolumesResult> {
  return withHeartbeat(async (long) => {
    const batch = await readBatch(deps.store(input.location), input);
    const wanted = batch.volumes.filter(
      ({ index }) => input.volumes === undefined || input.volumes.includes(index),
    );
    const limit = pLimit(LOOKS_IN_FLIGHT);
    const volumes = await limit.map(wanted, async (volume): Promise<LocatedVolume> => {
      const look = { volume, cluster: batch.cluster, kind: input.kind };
      const place = await new Look(deps, look, long).place();
      const repository = ownerOf(batch, volume);
      return { volume: volume.index, name: volumeName(volume), repository, place };
    });
    const pods = input.volumes === undefined ? podsOf(batch) : [];
    return { volumes, ...(pods.length === 0 ? {} : { pods }) };
  });
}

/** The pods with hooks of a batch; only backups have some. */
function podsOf(batch: VolumeBatch): LocatedPod[] {
  // Of a batch that was stored by the plan of a restore this is left out.
  const { pods = [] } = batch as CopyBatch;
  return pods.map(locatedPod);
}

/** Volumes of a restore name the copy that they come from; those of a backup go where their batch says. */
function ownerOf(
  batch: VolumeBatch,
  volume: PlannedVolume,
): NonNullable<LocatedVolume['repository']> {
  if ('record' in volume) {
    // Only `planVolumeRestore` stores records with its volumes.
    const { record } = volume as RestoredVolume;
    return { clusterUid: record.clusterUid, namespace: record.namespace };
  }
  // Any other batch was stored by `planVolumes`.
  const { clusterUid } = batch as CopyBatch;
  return { clusterUid, namespace: volume.namespace };
}

/** When a volume can be reached, and what is waited for how long. */
const RUNNING = { isThere: isRunning, isComing: isOnItsWay, waitMs: POD_WAIT_MS };
const AT_GATE = { isThere: isAtGate, isComing: isBeforeGate, waitMs: GATE_WAIT_MS };

interface Looked {
  readonly volume: PlannedVolume;
  readonly cluster: string;
  readonly kind: VolumeRun['kind'];
}

/**
 * Looks for the place of one volume. Of a restore, claims are fresh, and a pod of ours mounts them; a pod with volumes of
 * its own waits at its gate.
 */
class Look {
  readonly #deps: Pick<Dependencies, 'cluster' | 'isServed'>;
  readonly #volume: PlannedVolume;
  readonly #cluster: string;
  readonly #kind: VolumeRun['kind'];
  readonly #long: LongWork;

  constructor(
    deps: Pick<Dependencies, 'cluster' | 'isServed'>,
    { volume, cluster, kind }: Looked,
    long: LongWork,
  ) {
    this.#deps = deps;
    this.#volume = volume;
    this.#cluster = cluster;
    this.#kind = kind;
    this.#long = long;
  }

  async place(): Promise<VolumePlace> {
    const isRestore = this.#kind === 'Restore';
    if (isRestore && this.#volume.claim !== undefined) {
      return { kind: 'unmounted' };
    }
    const { isThere, isComing, waitMs } = isRestore ? AT_GATE : RUNNING;
    const deadline = Date.now() + waitMs;
    for (;;) {
      const pods = await this.#pods();
      const running = pods.find(isThere);
      if (running !== undefined) {
        return this.#placeIn(running);
      }
      const coming = pods.find(isComing);
      if (coming === undefined || Date.now() > deadline) {
        return this.#unmounted();
      }
      const words = coming.isBeingDeleted ? 'is being deleted' : 'starts';
      await this.#pause(`the pod ${coming.namespace}/${coming.name} ${words}`, deadline);
    }
  }

  /** The pods that the volume may be read through, the planned one first. */
  async #pods(): Promise<readonly LivePod[]> {
    const { namespace, pod, claim } = this.#volume;
    const { cluster } = this.#deps;
    const { signal } = this.#long;
    const planned =
      pod === undefined ? undefined : await readPod(cluster, { namespace, name: pod }, signal);
    if (planned !== undefined && (isRunning(planned) || claim === undefined)) {
      return [planned];
    }
    return claim === undefined ? [] : podsWithClaim(cluster, { namespace, claim }, signal);
  }

  async #placeIn({ name: pod, uid: podUid, node = '' }: LivePod): Promise<VolumePlace> {
    const deadline = Date.now() + AGENT_WAIT_MS;
    while (!(await this.#deps.isServed(nodeTaskQueue(this.#cluster, node)))) {
      if (Date.now() > deadline) {
        return { kind: 'none', failure: noAgent(node) };
      }
      await this.#pause(`no node agent has asked for work on ${node} yet`, deadline);
    }
    return { kind: 'pod', node, pod, podUid };
  }

  /** A claim can be mounted; what a pod has of its own is only where it runs. */
  #unmounted(): VolumePlace {
    const { namespace, pod = '', claim } = this.#volume;
    if (claim !== undefined) {
      return { kind: 'unmounted' };
    }
    const failure: FailureReport = {
      code: 'pod-not-running',
      message: `the pod ${namespace}/${pod} does not run, and its own volumes are only where it runs`,
      subject: volumeName(this.#volume),
    };
    return { kind: 'none', failure };
  }

  async #pause(reason: string, deadline: number): Promise<void> {
    const { signal, wait } = this.#long;
    const endWait = wait({ reason, deadline: recordTime(deadline) });
    await sleep(POLL_MS, undefined, { signal }).finally(endWait);
  }
}

/** What is said where nobody takes the work of a node. */
export function noAgent(node: string): FailureReport {
  return {
    code: 'no-node-agent',
    message: `no node agent takes work on the node ${node}; deploy it there, or let a volume policy skip the volume`,
    subject: node,
  };
}
