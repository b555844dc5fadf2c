import type { ExportPlan } from '../../domain/export-plan.ts';
import { backupActionsOf } from '../../domain/plugins/plugin-action.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import type { ProblemList } from '../backup/problem-list.ts';
import type { AskedPlugins } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { ExportActions } from './page-actions.ts';
import { PluginAnswers } from './plugin-answers.ts';

interface ActionsOf {
  readonly plan: ExportPlan;
  /** Where patches that do not apply are told, and items that came later. */
  readonly problems: ProblemList;
}

/** What plugins said of the objects of a backup; undefined where none was asked. */
export async function readActions(
  { store }: Pick<Dependencies, 'store'>,
  run: RunReference & AskedPlugins,
  { plan, problems }: ActionsOf,
): Promise<ExportActions | undefined> {
  const { plugins: rounds } = run;
  if (rounds === undefined) {
    return undefined;
  }
  const answers = await PluginAnswers.open({
    ...{ store: store(run.location), rounds },
    run: { ...run, kind: 'Backup' },
  });
  return new ExportActions(answers, backupActionsOf(plan.plugins ?? []), problems);
}
