import type { FieldError } from '../failure.ts';
import { isBlank } from '../fields.ts';
import { memberPointer } from '../json-pointer.ts';
import { fieldError } from '../selection/field-errors.ts';
import { labelSelectorErrors } from '../selection/label-selector.ts';
import { globError, isPattern, patternError } from '../selection/name-pattern.ts';
import { takesPods } from './hook-filter.ts';
import type {
  BackupHooks,
  ExecHookSpec,
  HookFilter,
  InitHookSpec,
  RestoreExecHookSpec,
  RestoreHooks,
} from './hook-spec.ts';
import {
  readCommand,
  readContainerName,
  readDuration,
  readErrorMode,
  readImage,
  type Reading,
  RUN_RANGE,
  THAW_RANGE,
  WAIT_RANGE,
} from './hook-values.ts';

const HOOKS = '/spec/hooks';
/** Characters of all hooks of a request: they travel with it through Temporal. */
const LENGTH_MAX = 30_000;

/** All that is wrong with the hooks of a request for a backup; whether a pod has a container is for its own report. */
export function backupHookErrors(hooks: BackupHooks = {}): FieldError[] {
  const { resources = [], thawAfter } = hooks;
  return [
    ...lengthErrors(hooks),
    ...valueErrors(`${HOOKS}/thawAfter`, thawAfter, readDuration(THAW_RANGE)),
    ...resources.flatMap((resource, index) => {
      const pointer = memberPointer(`${HOOKS}/resources`, index);
      return [
        ...filterErrors(resource, pointer),
        ...(['pre', 'post'] as const).flatMap((phase) =>
          (resource[phase] ?? []).flatMap(({ exec }, at) =>
            execErrors(exec, `${pointer}/${phase}/${String(at)}/exec`),
          ),
        ),
      ];
    }),
  ];
}

/** All that is wrong with the hooks of a request for a restore. */
export function restoreHookErrors(hooks: RestoreHooks = {}): FieldError[] {
  return [
    ...lengthErrors(hooks),
    ...(hooks.resources ?? []).flatMap((resource, index) => {
      const pointer = memberPointer(`${HOOKS}/resources`, index);
      return [
        ...filterErrors(resource, pointer),
        ...(resource.postHooks ?? []).flatMap((hook, at) => {
          const inside = `${pointer}/postHooks/${String(at)}`;
          return [
            ...(hook.init === undefined && hook.exec === undefined
              ? [fieldError(inside, 'has no hook; give it init or exec')]
              : []),
            ...(hook.init === undefined ? [] : initErrors(hook.init, `${inside}/init`)),
            ...(hook.exec === undefined ? [] : execErrors(hook.exec, `${inside}/exec`)),
          ];
        }),
      ];
    }),
  ];
}

function lengthErrors(hooks: BackupHooks | RestoreHooks): FieldError[] {
  const { length } = JSON.stringify(hooks);
  const what = `has ${String(length)} characters; write ${String(LENGTH_MAX)} at most, and put long commands into a file of the container`;
  return length > LENGTH_MAX ? [fieldError(HOOKS, what)] : [];
}

function filterErrors(filter: HookFilter, pointer: string): FieldError[] {
  const namespaces = (['includedNamespaces', 'excludedNamespaces'] as const).flatMap((field) =>
    (filter[field] ?? []).flatMap((name, at) =>
      faultErrors(`${pointer}/${field}/${String(at)}`, patternError(name)).map((error) => {
        return { ...error, code: 'invalid-name' as const };
      }),
    ),
  );
  const types = (['includedResources', 'excludedResources'] as const).flatMap((field) =>
    (filter[field] ?? []).flatMap((name, at) =>
      faultErrors(
        `${pointer}/${field}/${String(at)}`,
        isPattern(name) ? globError(name) : undefined,
      ),
    ),
  );
  const { labelSelector = {} } = filter;
  return [
    ...namespaces,
    ...types,
    ...(types.length === 0 && !takesPods(filter)
      ? [fieldError(pointer, 'takes no pods, and hooks run in pods alone; correct its resources')]
      : []),
    ...labelSelectorErrors(labelSelector, `${pointer}/labelSelector`),
  ];
}

function execErrors(exec: ExecHookSpec | RestoreExecHookSpec, pointer: string): FieldError[] {
  const timeouts: Readonly<Record<string, unknown>> = { ...exec };
  return [
    ...(isBlank(exec.command)
      ? [fieldError(`${pointer}/command`, 'is missing; write a program and its arguments')]
      : valueErrors(`${pointer}/command`, exec.command, readCommand)),
    ...valueErrors(`${pointer}/onError`, exec.onError, readErrorMode),
    ...['timeout', 'execTimeout'].flatMap((field) =>
      valueErrors(`${pointer}/${field}`, timeouts[field], readDuration(RUN_RANGE)),
    ),
    ...valueErrors(`${pointer}/waitTimeout`, timeouts['waitTimeout'], readDuration(WAIT_RANGE)),
  ];
}

function initErrors({ initContainers, timeout }: InitHookSpec, pointer: string): FieldError[] {
  const missing = (at: string, field: string, value: unknown): FieldError[] =>
    isBlank(value) ? [fieldError(`${at}/${field}`, 'is missing; give it a value')] : [];
  return [
    ...valueErrors(`${pointer}/timeout`, timeout, readDuration(WAIT_RANGE)),
    ...initContainers.flatMap(({ name, image, command }, index) => {
      const at = memberPointer(`${pointer}/initContainers`, index);
      return [
        ...missing(at, 'name', name),
        ...valueErrors(`${at}/name`, name, readContainerName),
        ...missing(at, 'image', image),
        ...valueErrors(`${at}/image`, image, readImage),
        ...valueErrors(`${at}/command`, command, readCommand),
      ];
    }),
  ];
}

/** What is wrong with a value that is given. */
function valueErrors(
  pointer: string,
  value: unknown,
  parse: (value: unknown) => Reading<unknown>,
): FieldError[] {
  if (isBlank(value)) {
    return [];
  }
  const reading = parse(value);
  return faultErrors(pointer, 'fault' in reading ? reading.fault : undefined);
}

function faultErrors(pointer: string, fault: string | undefined): FieldError[] {
  return fault === undefined ? [] : [fieldError(pointer, fault)];
}
