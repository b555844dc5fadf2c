import { durationMs, goDuration } from '../duration.ts';
import type { FieldError } from '../failure.ts';
import type { Fields } from '../fields.ts';
import { fieldError } from '../selection/field-errors.ts';
import { PLUGIN_DEFAULTS, PLUGIN_TIMES, type PluginSpec } from './plugin.ts';

const TIMES = [
  'unavailableTimeout',
  'callTimeout',
] as const satisfies readonly (keyof PluginSpec)[];

/** All that is wrong with the spec of a plugin; what is left out has its default. */
export function pluginSpecErrors(spec: Fields | Partial<PluginSpec>): FieldError[] {
  return TIMES.flatMap((field) => {
    const { min, max } = PLUGIN_TIMES[field];
    const value = spec[field] ?? PLUGIN_DEFAULTS[field];
    const ms = typeof value === 'string' ? durationMs(value) : undefined;
    const pointer = `/spec/${field}`;
    if (ms === undefined) {
      return [fieldError(pointer, 'must be a duration such as 10m or 1m30s')];
    }
    return ms < min || ms > max
      ? [fieldError(pointer, `must be from ${goDuration(min)} to ${goDuration(max)}`)]
      : [];
  });
}

/** A spec without fault, with its defaults. */
export function completePluginSpec(spec: Fields | Partial<PluginSpec>): PluginSpec {
  const timeOf = (field: keyof PluginSpec): string => {
    const value = spec[field];
    return typeof value === 'string' ? value : PLUGIN_DEFAULTS[field];
  };
  return { unavailableTimeout: timeOf('unavailableTimeout'), callTimeout: timeOf('callTimeout') };
}
