import type { PluginSpec, RegisteredPlugin } from '../domain/plugins/plugin.ts';
import type { PluginHealth, PluginSummary, StoredPlugin } from '../domain/plugins/registry.ts';

/** The activities of the registry of plugins; what is said of `ClusterActivities` holds for them. */
export interface PluginRegistryActivities {
  /**
   * Checks what a plugin said of itself and keeps it, instead of what was kept of it before. Makes what the cluster needs
   * for that. Throws `plugin-answer-invalid`, and `quota-exceeded` when there are too many plugins.
   */
  storePlugin(input: StorePluginInput): Promise<StoredPlugin>;
  /** All plugins by name, each with whether somebody takes its calls; at most 160 KiB. */
  listPlugins(input: ListPluginsInput): Promise<ListPluginsResult>;
  /** One plugin as it is kept. Throws `plugin-not-found`. */
  readPlugin(input: PluginInput): Promise<RegisteredPlugin>;
  /** Compares what a plugin says of itself now with the contract, and with what is kept of it. */
  checkPlugin(input: CheckPluginInput): Promise<PluginHealth>;
  /** Forgets a plugin; one that is gone is no failure. */
  removePlugin(input: PluginInput): Promise<RemovePluginResult>;
}

export interface PluginInput {
  readonly name: string;
}

export interface StorePluginInput extends PluginInput {
  readonly spec: PluginSpec;
  /** The answer to `describePlugin`; nobody has looked at it yet. */
  readonly answer: unknown;
  /** When it came, RFC 3339. */
  readonly describedAt: string;
}

export interface ListPluginsInput {
  /** The name of the cluster, which task queues have in theirs. */
  readonly cluster: string;
}

export interface ListPluginsResult {
  readonly plugins: readonly PluginSummary[];
}

export interface CheckPluginInput {
  readonly plugin: RegisteredPlugin;
  readonly answer: unknown;
}

export interface RemovePluginResult {
  /** Whether there was one. */
  readonly isRemoved: boolean;
}
