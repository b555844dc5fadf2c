import type { FailureReport } from '../failure.ts';
import type { PluginDescription } from './contract.ts';
import type { RegisteredPlugin } from './plugin.ts';

/** Whether a plugin can be called. */
export const PLUGIN_HEALTH = ['Ready', 'NotServed', 'Failed', 'Invalid'] as const;

/** `NotServed`: no worker takes its calls; `Failed`: it throws, or takes too long; `Invalid`: its answer breaks the contract. */
export interface PluginHealth {
  readonly state: (typeof PLUGIN_HEALTH)[number];
  /** Left out of one that is ready. */
  readonly failure?: FailureReport;
  /** It describes itself otherwise than when it was registered; runs go by what it said then. */
  readonly hasChanged?: true;
}

/** A registered plugin in a list: its actions by their names. */
export interface PluginSummary extends Pick<RegisteredPlugin, 'name' | 'spec' | 'describedAt'> {
  readonly version?: string;
  readonly backupActions: readonly string[];
  readonly restoreActions: readonly string[];
  readonly health: PluginHealth;
}

/** The answer of a look at one plugin. */
export interface PluginLook {
  readonly plugin: RegisteredPlugin;
  readonly health: PluginHealth;
}

/** The answer of a registration. */
export interface StoredPlugin {
  readonly plugin: RegisteredPlugin;
  /** Whether there was no plugin of this name. */
  readonly isNew: boolean;
}

export function summaryOf(
  { name, spec, describedAt, description }: RegisteredPlugin,
  health: PluginHealth,
): PluginSummary {
  const { version } = description;
  return {
    ...{ name, spec, describedAt },
    ...(version === undefined ? {} : { version }),
    ...actionNames(description),
    health,
  };
}

/** The actions of a plugin by their names. */
function actionNames({ backupActions = [], restoreActions = [] }: PluginDescription) {
  return {
    backupActions: backupActions.map(({ name }) => name),
    restoreActions: restoreActions.map(({ name }) => name),
  };
}

/** Why a plugin is not called: nobody would take the call. */
export function notServed(plugin: string, taskQueue: string): FailureReport {
  const message = `no worker of the plugin ${plugin} takes work from the task queue ${taskQueue}; start the plugin on this queue`;
  return { code: 'plugin-not-served', message, subject: plugin };
}
