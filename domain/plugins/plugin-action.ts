import type { FailureReport } from '../failure.ts';
import type { PluginAction } from './contract.ts';
import type { ActionErrorMode, PlannedCall } from './plugin-call.ts';
import { type SelectedItem, selects } from './plugin-selector.ts';
import type { RegisteredPlugin } from './plugin.ts';

/** An action of a plugin that a run calls. */
export interface RunAction {
  readonly plugin: string;
  readonly action: string;
  readonly onError: ActionErrorMode;
  readonly selector?: PluginAction['selector'];
}

/** The actions that a backup calls, plugin by plugin in the order of their names. */
export function backupActionsOf(plugins: readonly RegisteredPlugin[]): RunAction[] {
  return plugins.flatMap(({ name, description }) =>
    runActions(name, description.backupActions ?? []),
  );
}

/** The actions that a restore calls, in the same order. */
export function restoreActionsOf(plugins: readonly RegisteredPlugin[]): RunAction[] {
  return plugins.flatMap(({ name, description }) =>
    runActions(name, description.restoreActions ?? []),
  );
}

function runActions(plugin: string, actions: readonly PluginAction[]): RunAction[] {
  return actions.map(({ name: action, selector, onError = 'Fail' }) => ({
    ...{ plugin, action, onError },
    ...(selector === undefined ? {} : { selector }),
  }));
}

/** The actions that see an item. */
export function actionsFor(actions: readonly RunAction[], item: SelectedItem): RunAction[] {
  return actions.filter(({ selector }) => selects(selector, item));
}

/** How a call is named in reports. */
export function actionText({ plugin, action }: Pick<PlannedCall, 'plugin' | 'action'>): string {
  return `plugin ${plugin}, action ${action}`;
}

/** What a report is about: reports with the same subject are told once. */
export function subjectOf(call: Pick<PlannedCall, 'plugin' | 'action'>, about: string): string {
  return `${actionText(call)}: ${about}`;
}

/** Items that an action would have seen, had they been there when it was asked. */
export function notAsked(
  call: Pick<PlannedCall, 'plugin' | 'action' | 'onError'>,
  type: string,
  { first, count }: { readonly first: string; readonly count: number },
): FailureReport {
  const what = call.onError === 'Fail' ? 'they are left out' : 'the backup has them as they are';
  const rest = count > 1 ? ` and ${String(count - 1)} more` : '';
  return {
    code: 'plugin-not-asked',
    message: `${actionText(call)} was not asked about ${type}/${first}${rest}, which came after it was asked; ${what}`,
    // Each part of a backup tells of its own.
    subject: subjectOf(call, `${type}/${first}`),
  };
}
