import { Failure } from '../../domain/failure.ts';
import type { PluginRun } from '../../domain/plugins/contract.ts';
import {
  backupActionsOf,
  restoreActionsOf,
  type RunAction,
} from '../../domain/plugins/plugin-action.ts';
import type { RegisteredPlugin } from '../../domain/plugins/plugin.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { readBackupClaim, readPlan } from '../backup/plan-backup.ts';
import type { Dependencies } from '../dependencies.ts';
import { readRestoreClaim, readRestorePlan } from '../restore/restore-run.ts';

/** The plugins that were registered when the run was planned. */
export async function pluginsOf(
  deps: Dependencies,
  run: KindReference,
): Promise<readonly RegisteredPlugin[]> {
  const plan =
    run.kind === 'Backup'
      ? await readPlan(deps, run)
      : await readRestorePlan(deps.store(run.location), run);
  return plan.plugins ?? [];
}

/** One of the plugins of a run. Throws `plugin-not-found` for one that the run does not know. */
export function pluginNamed(
  plugins: readonly RegisteredPlugin[],
  plugin: string,
): RegisteredPlugin {
  const registered = plugins.find(({ name }) => name === plugin);
  if (registered === undefined) {
    throw new Failure('plugin-not-found', `the run knows no plugin ${plugin}`, { subject: plugin });
  }
  return registered;
}

/** The actions that a run calls. */
export async function actionsOf(deps: Dependencies, run: KindReference): Promise<RunAction[]> {
  const plugins = await pluginsOf(deps, run);
  return run.kind === 'Backup' ? backupActionsOf(plugins) : restoreActionsOf(plugins);
}

/** The run, as plugins are told of it. */
export async function pluginRun(deps: Dependencies, run: KindReference): Promise<PluginRun> {
  const { kind, location, name, runUid: uid } = run;
  if (kind === 'Backup') {
    const { spec } = await readBackupClaim(deps, run);
    return { kind, location, name, uid, cluster: spec.cluster };
  }
  const store = deps.store(location);
  const { spec } = await readRestoreClaim(store, run);
  const claim = (await readBackup(store, spec.backupName))?.claim;
  const backup = {
    ...{ location, name: spec.backupName },
    ...(claim === undefined ? {} : { uid: claim.runUid }),
  };
  return { kind, location, name, uid, cluster: spec.cluster, backup };
}
