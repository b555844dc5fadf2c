import pLimit from 'p-limit';

import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import { hookEndsKey, hookPodsKey, podHooksKey, restoreFolder } from '../../domain/object-key.ts';
import { readJsonGz, readJsonGzIfThere, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { HookBatchInput } from '../restore-hook-contract.ts';

/** Files of pods that are read at the same time. */
const READS_IN_FLIGHT = 8;

/** A restored pod that has hooks. */
export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
}

/** How far the hooks of a pod are. */
export interface PodNote extends PodHookReport {
  /** No more of them are run. */
  readonly isDone: boolean;
}

/** What is kept of one batch of restored pods while their hooks are run. */
export class HookFiles {
  readonly #store: ObjectStore;
  readonly #batch: HookBatchInput;
  readonly #folder: string;

  constructor(store: ObjectStore, batch: HookBatchInput) {
    this.#store = store;
    this.#batch = batch;
    this.#folder = restoreFolder(batch.name);
  }

  async writePods(pods: readonly PodPlace[]): Promise<void> {
    await writeJsonGz(this.#store, hookPodsKey(this.#folder, this.#batch), pods);
  }

  /** Throws `object-missing`. */
  async readPods(): Promise<readonly PodPlace[]> {
    // The object under this key was written by `planRestoreHooks` of the same run.
    return (await readJsonGz(this.#store, hookPodsKey(this.#folder, this.#batch))) as PodPlace[];
  }

  async writeNote(pod: number, note: PodNote): Promise<void> {
    await writeJsonGz(this.#store, podHooksKey(this.#folder, { ...this.#batch, pod }), note);
  }

  /** What an attempt has noted of each pod, by its number. */
  async readNotes(pods: number): Promise<readonly (PodNote | undefined)[]> {
    const numbers = Array.from({ length: pods }, (_, index) => index);
    return pLimit(READS_IN_FLIGHT).map(numbers, async (pod) => {
      const key = podHooksKey(this.#folder, { ...this.#batch, pod });
      // The object under this key was written by `runRestoreHooks` of the same run.
      return (await readJsonGzIfThere(this.#store, key)) as PodNote | undefined;
    });
  }

  async writeEnds(ends: readonly PodNote[]): Promise<void> {
    await writeJsonGz(this.#store, hookEndsKey(this.#folder, this.#batch), ends);
  }

  /** How far the hooks of each pod are: what the batch has stored at its end, or else what was noted on the way. */
  async readEnds(): Promise<readonly PodNote[]> {
    const ends = await readJsonGzIfThere(this.#store, hookEndsKey(this.#folder, this.#batch));
    if (ends !== undefined) {
      // The object under this key was written by `runRestoreHooks` of the same run.
      return ends as PodNote[];
    }
    const pods = await this.readPods();
    const notes = await this.readNotes(pods.length);
    return pods.map(({ namespace, name: pod }, index) => {
      return notes[index] ?? { namespace, pod, runs: [], isDone: false };
    });
  }
}
