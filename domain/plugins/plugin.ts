import { durationMs } from '../duration.ts';
import type { PluginDescription } from './contract.ts';

/** A plugin as users register it. Kept as a custom resource `plugins.holdfast.dev` in Holdfast's own namespace. */
export interface PluginSpec {
  /** How long a call waits for a worker of the plugin before the plugin counts as not there; a Go duration. */
  readonly unavailableTimeout: string;
  /** How long one call may take; a Go duration. */
  readonly callTimeout: string;
}

export const PLUGIN_DEFAULTS: PluginSpec = { unavailableTimeout: '10m0s', callTimeout: '5m0s' };

/** The times of a plugin in milliseconds. */
export interface CallTimes {
  readonly callTimeoutMs: number;
  readonly unavailableTimeoutMs: number;
}

export function callTimes({ callTimeout, unavailableTimeout }: PluginSpec): CallTimes {
  return {
    callTimeoutMs: durationMs(callTimeout) ?? PLUGIN_TIMES.callTimeout.min,
    unavailableTimeoutMs: durationMs(unavailableTimeout) ?? PLUGIN_TIMES.unavailableTimeout.min,
  };
}

/** Bounds of these times, in milliseconds. */
export const PLUGIN_TIMES = {
  unavailableTimeout: { min: 1000, max: 24 * 3_600_000 },
  callTimeout: { min: 1000, max: 4 * 3_600_000 },
} as const;

/** A registered plugin: what was asked for, and what it said of itself when it was registered. */
export interface RegisteredPlugin {
  readonly name: string;
  readonly spec: PluginSpec;
  readonly description: PluginDescription;
  /** When it said so, RFC 3339. */
  readonly describedAt: string;
}

/** A description as JSON; more than this is refused. */
export const DESCRIPTION_BYTES_MAX = 32 * 1024;

/** Plugins of one cluster at most. */
export const PLUGINS_MAX = 50;
