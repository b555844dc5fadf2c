import { type Fields, fields, isBlank, list } from './fields.ts';
import { HOOK_ERROR_MODES } from './hooks/hook.ts';
import type {
  BackupHookResource,
  BackupHooks,
  BackupHookSpec,
  ExecHookSpec,
} from './hooks/hook-spec.ts';
import { nonEmpty, pick, selectorOf, strings } from './velero-values.ts';

const LISTS = [
  'includedNamespaces',
  'excludedNamespaces',
  'includedResources',
  'excludedResources',
] as const;
const TIMEOUTS: readonly string[] = ['timeout', 'execTimeout', 'waitTimeout'];

/** The hooks as a Velero record holds them. */
export function veleroHooks({ resources = [] }: BackupHooks = {}): Fields {
  return resources.length === 0 ? {} : { resources };
}

/** The hooks of a backup that Velero made, as far as they have the shape of ours. */
export function hooksOfVelero(value: unknown, thawAfter: unknown): BackupHooks | undefined {
  const hooks = {
    ...pick(['resources'], (field) => nonEmpty(list(fields(value)[field]).map(resourceOf))),
    ...pick(['thawAfter'], () => textOf(thawAfter)),
  };
  return isBlank(hooks) ? undefined : hooks;
}

/**
 * Hooks of a file without what says nothing there: Velero's client writes `0s` for every timeout that nobody gave, and
 * the API server may write `null`.
 */
export function writtenHooks(hooks: unknown): unknown {
  if (Array.isArray(hooks)) {
    return hooks.map(writtenHooks);
  }
  const given = Object.entries(fields(hooks)).filter(([field, value]) => {
    const isDefault = TIMEOUTS.includes(field) && isZeroDuration(value);
    return value !== null && value !== '' && !isDefault;
  });
  return isBlank(fields(hooks))
    ? hooks
    : Object.fromEntries(
        // What is in a container is not Velero's.
        given.map(([field, value]) => [
          field,
          field === 'initContainers' ? value : writtenHooks(value),
        ]),
      );
}

/** Velero's command writes `0s` for what nobody asked for. */
export function isZeroDuration(value: unknown): boolean {
  return typeof value === 'string' && /^(0+(h|m|s|ms))+$/.test(value);
}

function resourceOf(value: unknown): BackupHookResource {
  const resource = fields(value);
  return {
    name: textOf(resource['name']) ?? '',
    ...pick(LISTS, (field) => nonEmpty(strings(resource[field]))),
    ...pick(['labelSelector'], (field) => selectorOf(resource[field])),
    ...pick(['pre', 'post'], (field) => nonEmpty(list(resource[field]).map(hookOf))),
  };
}

function hookOf(value: unknown): BackupHookSpec {
  const exec = fields(fields(value)['exec']);
  return { exec: { command: strings(exec['command']), ...execFields(exec) } };
}

function execFields(exec: Fields): Partial<ExecHookSpec> {
  return {
    ...pick(['container'], (field) => textOf(exec[field])),
    ...pick(['onError'], (field) => HOOK_ERROR_MODES.find((mode) => mode === exec[field])),
    ...pick(['timeout'], (field) => {
      return isZeroDuration(exec[field]) ? undefined : textOf(exec[field]);
    }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
