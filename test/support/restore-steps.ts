import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import type {
  AppliedShard,
  OpenResult,
  PlanRestoreResult,
  RelinkedOwners,
  RestoreRun,
} from '../../activities/contract.ts';
import type { OwnDependencies } from '../../activities/dependencies.ts';
import type { PluginRound } from '../../activities/plugin-run-contract.ts';
import type { Cluster } from '../../activities/kubernetes/port.ts';
import { applyDeferred } from '../../activities/restore/apply-deferred.ts';
import { applyShards } from '../../activities/restore/apply-shards.ts';
import { checkPlan } from '../../activities/restore/check-plan.ts';
import { finishRestore } from '../../activities/restore/finish-restore.ts';
import { openRestore } from '../../activities/restore/open-restore.ts';
import { planRestore } from '../../activities/restore/plan-restore.ts';
import { previewRestore } from '../../activities/restore/preview-restore.ts';
import { relinkOwners } from '../../activities/restore/relink-owners.ts';
import { SealOpener } from '../../storage/seal-opener.ts';
import { Failure } from '../../domain/failure.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import type { RestorePlanReport } from '../../domain/restore/restore-preview.ts';
import type { RestoreEnding } from '../../domain/restore/restore-result.ts';
import type { RestoreResult, RestoreSpec } from '../../domain/restore.ts';
import type { HeartbeatProgress } from '../../domain/run-status.ts';
import type { StoredRestore } from '../../domain/stored-run.ts';
import { readRestore } from '../../storage/catalogue.ts';
import { claimRun } from '../../storage/claim.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { inActivity } from './activity-context.ts';
import { SOURCE_CLUSTER, storeBackup } from './stored-backup.ts';
import { NO_VOLUMES } from './no-volumes.ts';

/** Characters of a result that are still a small payload to Temporal. */
const PAYLOAD_LENGTH_MAX = 64 * 1024;

export interface ApplyOptions {
  readonly signal?: AbortSignal;
  /** 1 if left out. */
  readonly attempt?: number;
  /** Receives the heartbeats. */
  readonly onBeat?: (progress: HeartbeatProgress) => void;
  /** What plugins were asked. */
  readonly plugins?: readonly PluginRound[];
}

/** Whose notes about owners the report takes. */
interface Relinked {
  readonly relinkAttempt?: string;
}

/** The activities of one restore, in the order of its workflow, on a store in a folder and any cluster. */
export class RestoreSteps {
  readonly store: ObjectStore;
  readonly run: RestoreRun;
  readonly #folder: string;
  /** Holdfast's own namespace, where Velero's ConfigMaps are looked for. */
  readonly #namespace: string;

  private constructor(folder: string, namespace: string, name = 'r') {
    this.#folder = folder;
    this.#namespace = namespace;
    this.run = { location: 'default', name, runUid: name === 'r' ? 'run' : `run-${name}` };
    this.store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
  }

  /** Stores a backup of the objects, and claims the name of a restore of it. */
  static async of(
    items: readonly ArchiveItem[],
    spec: Partial<RestoreSpec> = {},
    namespace = 'holdfast',
  ): Promise<RestoreSteps> {
    const steps = new RestoreSteps(await mkdtemp(join(tmpdir(), 'holdfast-restore-')), namespace);
    await storeBackup(steps.store, 'b', items);
    await steps.#claim(spec);
    return steps;
  }

  /** Claims the name of a restore that tries this one again. It is gone with this one. */
  async again(name: string): Promise<RestoreSteps> {
    const steps = new RestoreSteps(this.#folder, this.#namespace, name);
    await steps.#claim({ retryOf: this.run.name });
    return steps;
  }

  async #claim(spec: Partial<RestoreSpec>): Promise<void> {
    const { name, runUid } = this.run;
    await claimRun(this.store, restoreKeys(name).claim, {
      ...{ version: 1, kind: 'Restore', name, runUid, specDigest: 'digest' },
      installation: 'test',
      startTimestamp: '2026-01-01T00:00:00Z',
      cluster: SOURCE_CLUSTER,
      spec: {
        ...{ cluster: 'local', backupName: 'b', includedNamespaces: ['*'] },
        ...{ excludedNamespaces: [], namespaceMapping: {} },
        ...spec,
      },
    });
  }

  /** What a dry run of the restore says. */
  async preview(cluster: Cluster, change: Partial<RestoreSpec> = {}): Promise<RestorePlanReport> {
    const { name } = this.run;
    const stored = await readRestore(this.store, name);
    const spec = { ...stored?.claim?.spec, ...change };
    const reader = new SealOpener();
    const { publicKey } = reader;
    // The claim that `of` wrote is there, and holds a whole spec.
    const input = { location: 'default', name, spec: spec as RestoreSpec, publicKey };
    const result = await inActivity(() => previewRestore(this.#dependencies(cluster), input));
    if (result.kind === 'refused') {
      throw new Failure(result.failure.code, result.failure.message);
    }
    if (result.sealed.length > PAYLOAD_LENGTH_MAX) {
      throw new Error(`a payload of ${String(result.sealed.length)} characters`);
    }
    const bytes = gunzipSync(reader.open(Buffer.from(result.sealed, 'base64')));
    // The activity has written a report.
    return JSON.parse(bytes.toString('utf8')) as RestorePlanReport;
  }

  /** Asks for the restore whose name is claimed. */
  async open(cluster: Cluster): Promise<OpenResult> {
    const stored = await readRestore(this.store, this.run.name);
    // The claim that `of` wrote is there, and holds a whole spec.
    const { spec, specDigest, startTimestamp } = stored?.claim as StoredRestore;
    const input = { ...this.run, spec, specDigest, startTimestamp };
    return openRestore(this.#dependencies(cluster), input);
  }

  /** Compares the restore with the plan that it is bound to. */
  checkPlan(cluster: Cluster): Promise<void> {
    return inActivity(() => checkPlan(this.#dependencies(cluster), this.run));
  }

  plan(cluster: Cluster): Promise<PlanRestoreResult> {
    return inActivity(() => planRestore(this.#dependencies(cluster), this.run));
  }

  async apply(
    cluster: Cluster,
    { attempt, waves }: PlanRestoreResult,
    options: ApplyOptions = {},
  ): Promise<readonly AppliedShard[]> {
    const numbers = waves.flatMap(({ firstShard, shards }) =>
      Array.from({ length: shards }, (_, index) => firstShard + index),
    );
    const { plugins = [] } = options;
    const input = { ...this.run, planAttempt: attempt, shards: numbers, plugins };
    const deps = this.#dependencies(cluster);
    const { shards } = await inActivity(() => applyShards(deps, input), options);
    return shards;
  }

  /** What the workflow does after the last wave; gives the shards that the report takes. */
  async applyDeferred(
    cluster: Cluster,
    { plan, shards }: { plan: PlanRestoreResult; shards: readonly AppliedShard[] },
    options: ApplyOptions = {},
  ): Promise<readonly AppliedShard[]> {
    const deferred = shards.filter((shard) => shard.deferred > 0);
    if (deferred.length === 0) {
      return shards;
    }
    const { plugins = [] } = options;
    const input = { ...this.run, planAttempt: plan.attempt, shards: deferred, plugins };
    const deps = this.#dependencies(cluster);
    return [...shards, await inActivity(() => applyDeferred(deps, input), options)];
  }

  relink(
    cluster: Cluster,
    shards: readonly AppliedShard[],
    options: ApplyOptions = {},
  ): Promise<RelinkedOwners> {
    const input = { ...this.run, shards };
    return inActivity(() => relinkOwners(this.#dependencies(cluster), input), options);
  }

  finish(
    cluster: Cluster,
    shards: readonly AppliedShard[],
    { relinkAttempt, ...ending }: RestoreEnding & Relinked = { kind: 'applied' },
  ): Promise<RestoreResult> {
    const completionTimestamp = '2026-01-01T00:01:00Z';
    const relinked = relinkAttempt === undefined ? {} : { relinkAttempt };
    const input = { ...this.run, shards, ...relinked, ending, completionTimestamp };
    return inActivity(() => finishRestore(this.#dependencies(cluster), input));
  }

  /** All steps of a restore that nothing disturbs. */
  async all(cluster: Cluster, options: ApplyOptions = {}): Promise<RestoreResult> {
    const plan = await this.plan(cluster);
    const shards = await this.apply(cluster, plan, options);
    return this.finish(cluster, await this.applyDeferred(cluster, { plan, shards }, options));
  }

  #dependencies(cluster: Cluster): OwnDependencies {
    return {
      cluster,
      ...NO_VOLUMES,
      store: () => this.store,
      installation: 'test',
      namespace: this.#namespace,
      isServed: () => Promise.resolve(true),
    };
  }

  async remove(): Promise<void> {
    this.store.close();
    await rm(this.#folder, { recursive: true });
  }
}
