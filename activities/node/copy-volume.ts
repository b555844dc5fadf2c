import { randomBytes } from 'node:crypto';

import { log } from '@temporalio/activity';

import { recordTime } from '../../domain/duration.ts';
import { backupFolder, volumeCopyKey } from '../../domain/object-key.ts';
import { type CopyRecord, sizeOfCopy } from '../../domain/volumes/copy-record.ts';
import { repositoryPath } from '../../domain/volumes/repository.ts';
import type { PlannedVolume, VolumeBatch } from '../../domain/volumes/volume-plan.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { EngineProgress, EngineRun } from '../engine/port.ts';
import { openRoot } from '../engine/open-root.ts';
import { makeProvenCopy, type ProvenCopy } from '../engine/proven-copy.ts';
import { repositoryPassword } from '../engine/repository-password.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { MovedVolume, MoveVolumeInput } from '../volume-contract.ts';
import { readMasterKey } from '../volumes/master-key.ts';
import { readBatch, volumeOf } from '../volumes/volume-batch.ts';
import type { NodeDependencies } from './dependencies.ts';
import { whilePodRuns } from './pod-guard.ts';
import { findVolumeFolder } from './volume-folder.ts';
import { requireMounted, requireStillMounted } from './volume-mount.ts';

const ATTEMPT_BYTES = 6;

/** See `NodeActivities.copyVolume`. */
export function copyVolume(deps: NodeDependencies, input: MoveVolumeInput): Promise<MovedVolume> {
  return withHeartbeat(async (long) => {
    const startTimestamp = recordTime(Date.now());
    const store = deps.store(input.location);
    const batch = await readBatch(store, input);
    const volume = volumeOf(batch, input.volume);
    const pod = { namespace: volume.namespace, name: input.pod, uid: input.podUid };
    const proven = await whilePodRuns(deps.cluster, pod, {
      signal: long.signal,
      work: (signal) => new Copy(deps, { input, batch, volume }, { ...long, signal }).run(),
    });
    const record: CopyRecord = {
      ...volume,
      ...{ node: deps.node, readThrough: input.pod },
      repository: repositoryPath(batch.clusterUid, volume.namespace),
      ...proven,
      ...{ startTimestamp, completionTimestamp: recordTime(Date.now()) },
    };
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const { runUid, volume: index } = input;
    const key = volumeCopyKey(backupFolder(input.name), { runUid, volume: index, attempt });
    await writeJsonGz(store, key, record);
    return { attempt, ...sizeOfCopy(record) };
  });
}

interface CopyWork {
  readonly input: MoveVolumeInput;
  readonly batch: VolumeBatch;
  readonly volume: PlannedVolume;
}

/** Copies the volume, and proves what it copied. */
class Copy {
  readonly #deps: NodeDependencies;
  readonly #work: CopyWork;
  readonly #long: LongWork;

  constructor(deps: NodeDependencies, work: CopyWork, long: LongWork) {
    this.#deps = deps;
    this.#work = work;
    this.#long = long;
  }

  async run(): Promise<ProvenCopy> {
    const { kubeletFolder, engine } = this.#deps;
    const { input, volume, batch } = this.#work;
    const folder = await findVolumeFolder(kubeletFolder, input.podUid, volume);
    const root = await openRoot(folder.path);
    try {
      const mount = await requireMounted(root, { folder, volume });
      const proven = await makeProvenCopy(
        engine,
        {
          ...{ repository: await this.#repository(), root, labels: this.#labels() },
          isReadBack: batch.verification === 'ReadBack',
        },
        this.#engineRun(),
      );
      await requireStillMounted(root, { mount, volume });
      return proven;
    } finally {
      await root.close();
    }
  }

  async #repository() {
    const { cluster, namespace, location } = this.#deps;
    const { batch, input, volume } = this.#work;
    const owner = { clusterUid: batch.clusterUid, namespace: volume.namespace };
    return {
      location: location(input.location),
      path: repositoryPath(owner.clusterUid, owner.namespace),
      password: repositoryPassword(await readMasterKey(cluster, namespace), owner),
    };
  }

  #labels() {
    const { batch, input, volume } = this.#work;
    const own = `${volume.pod ?? ''}.${volume.volume ?? ''}`;
    return {
      clusterUid: batch.clusterUid,
      namespace: volume.namespace,
      volume: volume.claim ?? own,
      volumeUid: volume.claimUid ?? `${volume.namespace}.${own}`,
      runUid: input.runUid,
      backup: input.name,
      part: volume.index,
      epoch: 0,
    };
  }

  #engineRun(): EngineRun {
    const { signal, report } = this.#long;
    const { volume, input } = this.#work;
    return {
      key: `${input.runUid}.${String(volume.index)}`,
      signal,
      onProgress: (progress) => {
        report(beatOf(volume.index, progress));
      },
      onLog: (line) => {
        log.info('engine', { line, volume: volume.index });
      },
    };
  }
}

function beatOf(volume: number, progress: EngineProgress) {
  const { phase, filesDone, filesTotal, bytesDone, bytesTotal } = progress;
  return {
    itemsDone: 0,
    bytesDone,
    copy: { volume, phase, filesDone, filesTotal, bytesTotal },
  };
}
