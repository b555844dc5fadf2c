import { restoreFolder, shardItemsKey } from '../../domain/object-key.ts';
import type { IndexLine } from '../../domain/backup-index.ts';
import type { RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import {
  actionsFor,
  restoreActionsOf,
  type RunAction,
} from '../../domain/plugins/plugin-action.ts';
import {
  firstShardOf,
  type RestorePlan,
  restoreShardItems,
} from '../../domain/restore/restore-plan.ts';
import { mayHaveData } from '../../domain/volumes/restored-volumes.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { encodeIndex, oneBatch } from '../../storage/format/index-file.ts';
import { newAttempt } from '../attempt.ts';
import type { PlanRestoreResult, RestoreRun, RestoreWave } from '../contract.ts';
import type { OwnDependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readPlugins } from '../plugins/registry.ts';
import { requireImage } from '../volumes/image.ts';
import { readMasterKey } from '../volumes/master-key.ts';
import { readOpenRules, readRestoreClaim, writeRestorePlan } from './restore-run.ts';
import { selectLines } from './select-lines.ts';
import { surveyIndex } from './survey-index.ts';
import { WaveWriter } from './wave-writer.ts';

/** See `ClusterActivities.planRestore`. */
export function planRestore(deps: OwnDependencies, run: RestoreRun): Promise<PlanRestoreResult> {
  return withHeartbeat(async (long) => {
    const { signal, report } = long;
    const { cluster } = deps;
    const { location } = run;
    const store = deps.store(location);
    const { spec } = await readRestoreClaim(store, run);
    const backup = await readBackup(store, spec.backupName);
    const attempt = newAttempt();
    const source = { cluster, namespace: deps.namespace, store, spec, location, signal };
    const survey = await surveyIndex({ ...source, configured: await readOpenRules(store, run) });
    const { rules, filter, aggregated, volumes } = survey;
    const { runUids: triedRuns } = filter.retried ?? {};
    const { cycles, waves } = survey.waves;
    let tooDeep = 0;
    const needed = { data: false };
    const copied = { gates: volumes.gates, claims: new Set(volumes.claims) };
    const plugins = new PluginWaves(await readPlugins(deps));
    const writer = new WaveWriter(
      waves,
      restoreShardItems(backup?.claim?.archive?.items ?? 0),
      (shard, lines) => {
        const key = shardItemsKey(restoreFolder(run.name), { runUid: run.runUid, shard, attempt });
        return store.upload(key, encodeIndex(oneBatch(lines)), { signal });
      },
    );
    const onRead = (itemsDone: number): void => {
      report({ itemsDone, bytesDone: 0 });
    };
    const { keptVolumes, leftOut } = await selectLines(
      { ...source, survey, onRead },
      (line, wave) => {
        tooDeep += survey.waves.isTooDeep(line) ? 1 : 0;
        needed.data ||= mayHaveData(line, copied);
        plugins.see(line, wave);
        return writer.add(line, wave);
      },
    );
    const { items, waves: written } = await writer.finish();
    if (needed.data) {
      // Before anything is made that would wait for what cannot come.
      await readMasterKey(cluster, deps.namespace);
      await requireImage(deps, run, long);
    }
    await writeRestorePlan(store, run, {
      ...{ spec, rules, items, keptVolumes, leftOut, cycles, tooDeep, aggregated, volumes },
      ...(triedRuns === undefined ? {} : { triedRuns }),
      ...plugins.registered(),
    });
    return {
      ...{ items, waves: written.map((wave) => plugins.mark(wave)), attempt },
      ...(volumes.claims.length > 0 ? { claimsFirst: firstShardOf(survey.waves.afterClaims) } : {}),
      ...(Object.keys(volumes.gates).length > 0 ? { hasPodVolumes: true as const } : {}),
    };
  });
}

/** Notes which waves have items that actions of plugins see. */
class PluginWaves {
  readonly #plugins: readonly RegisteredPlugin[];
  readonly #actions: readonly RunAction[];
  readonly #seen = new Set<number>();

  constructor(plugins: readonly RegisteredPlugin[]) {
    this.#plugins = plugins;
    this.#actions = restoreActionsOf(plugins);
  }

  see(line: IndexLine, wave: number): void {
    if (actionsFor(this.#actions, line).length > 0) {
      this.#seen.add(firstShardOf(wave));
    }
  }

  /** What the plan keeps of them. */
  registered(): Pick<RestorePlan, 'plugins'> {
    return this.#seen.size === 0 ? {} : { plugins: this.#plugins };
  }

  mark(wave: RestoreWave): RestoreWave {
    return this.#seen.has(wave.firstShard) ? { ...wave, hasPlugins: true } : wave;
  }
}
