import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AppliedShard, PlanRestoreResult, RestoreRun } from '../../activities/contract.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Cluster } from '../../activities/kubernetes/port.ts';
import { applyShards } from '../../activities/restore/apply-shards.ts';
import { finishRestore } from '../../activities/restore/finish-restore.ts';
import { planRestore } from '../../activities/restore/plan-restore.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import type { RestoreEnding } from '../../domain/restore-result.ts';
import type { RestoreResult, RestoreSpec } from '../../domain/restore.ts';
import { claimRun } from '../../storage/claim.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { inActivity } from './activity-context.ts';
import { SOURCE_CLUSTER, storeBackup } from './stored-backup.ts';

export interface ApplyOptions {
  readonly signal?: AbortSignal;
  readonly establishedWaitMs?: number;
}

/** The activities of one restore, in the order of its workflow, on a store in a folder and any cluster. */
export class RestoreSteps {
  readonly store: ObjectStore;
  readonly run: RestoreRun = { location: 'default', name: 'r', runUid: 'run' };
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  }

  /** Stores a backup of the objects, and claims the name of a restore of it. */
  static async of(
    items: readonly ArchiveItem[],
    spec: Partial<RestoreSpec> = {},
  ): Promise<RestoreSteps> {
    const steps = new RestoreSteps(await mkdtemp(join(tmpdir(), 'holdfast-restore-')));
    await storeBackup(steps.store, 'b', items);
    await claimRun(steps.store, restoreKeys('r').claim, {
      ...{ version: 1, kind: 'Restore', name: 'r', runUid: 'run', specDigest: 'digest' },
      installation: 'test',
      startTimestamp: '2026-01-01T00:00:00Z',
      cluster: SOURCE_CLUSTER,
      spec: {
        ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
        ...{ excludedNamespaces: [], namespaceMapping: {} },
        ...spec,
      },
    });
    return steps;
  }

  plan(cluster: Cluster): Promise<PlanRestoreResult> {
    return inActivity(() => planRestore(this.#dependencies(cluster), this.run));
  }

  async apply(
    cluster: Cluster,
    { attempt, waves }: PlanRestoreResult,
    { signal, establishedWaitMs = 10_000 }: ApplyOptions = {},
  ): Promise<readonly AppliedShard[]> {
    const numbers = waves.flatMap(({ firstShard, shards }) =>
      Array.from({ length: shards }, (_, index) => firstShard + index),
    );
    const input = { ...this.run, planAttempt: attempt, shards: numbers };
    const deps = this.#dependencies(cluster);
    const { shards } = await inActivity(
      () => applyShards(deps, input, { establishedWaitMs }),
      signal,
    );
    return shards;
  }

  finish(
    cluster: Cluster,
    shards: readonly AppliedShard[],
    ending: RestoreEnding = { kind: 'applied' },
  ): Promise<RestoreResult> {
    const input = { ...this.run, shards, ending, completionTimestamp: '2026-01-01T00:01:00Z' };
    return inActivity(() => finishRestore(this.#dependencies(cluster), input));
  }

  /** All steps of a restore that nothing disturbs. */
  async all(cluster: Cluster, options: ApplyOptions = {}): Promise<RestoreResult> {
    return this.finish(cluster, await this.apply(cluster, await this.plan(cluster), options));
  }

  #dependencies(cluster: Cluster): Dependencies {
    return { cluster, store: () => this.store, installation: 'test', namespace: 'holdfast' };
  }

  async remove(): Promise<void> {
    this.store.close();
    await rm(this.#folder, { recursive: true });
  }
}
