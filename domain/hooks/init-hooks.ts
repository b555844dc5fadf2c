import { type Fields, fields, isBlank, isMapping, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { isSameValue } from '../restore/json-value.ts';
import type { BadHook } from './hook.ts';
import type { RestoreHooks } from './hook-spec.ts';
import {
  quoted,
  readCommand,
  readContainerName,
  readDuration,
  readImage,
  WAIT_RANGE,
} from './hook-values.ts';
import { matchingHooks } from './restore-hooks.ts';
import { annotatedHook, HookReader, requestedHook, type WrittenHook } from './written-hook.ts';

/** Containers that a restore adds to a pod, and those that it cannot add. */
export interface InitHooks {
  readonly containers: readonly Fields[];
  readonly faults: readonly BadHook[];
}

/** Name of a container that nobody has named. */
const DEFAULT_NAME = 'holdfast-restore-init';
const PREFIX = 'init.hook.restore.velero.io';
const ANNOTATIONS = {
  name: [`${PREFIX}/container-name`],
  image: [`${PREFIX}/container-image`],
  command: [`${PREFIX}/command`],
  timeout: [`${PREFIX}/timeout`],
};

/** The init containers of a pod that is to be restored: that of its annotations, or else those of the request. */
export function initHooksOf(pod: KubernetesObject, spec: RestoreHooks | undefined): InitHooks {
  const annotated = annotatedHook(pod, ANNOTATIONS);
  const hooks =
    (annotated.valueOf('image') ?? '') === ''
      ? requestedContainers(pod, spec)
      : [readContainer(annotated, {})];
  const read = hooks.filter((hook) => 'container' in hook);
  const unique = read.map((hook, at) => withoutTwin(hook, pod, read.slice(0, at)));
  return {
    containers: unique.flatMap((hook) => ('container' in hook ? [hook.container] : [])),
    faults: [...hooks, ...unique].filter((hook) => 'fault' in hook),
  };
}

/** Puts containers before those with which the pod starts. Changes the pod. */
export function addInitContainers(pod: KubernetesObject, containers: readonly Fields[]): void {
  const spec = fields(pod['spec']);
  spec['initContainers'] = [...containers, ...list(spec['initContainers'])];
}

/** Takes out of a pod what an earlier restore has put into it for the same hooks, and gives these. Changes the pod. */
export function takeOutInitHooks(
  pod: KubernetesObject,
  hooks: RestoreHooks | undefined,
): InitHooks {
  const found = initHooksOf(pod, hooks);
  const spec = fields(pod['spec']);
  const own = list(spec['initContainers']);
  const isHook = (container: unknown): boolean =>
    found.containers.some((hook) => isSameHook(fields(container), hook));
  if (own.some(isHook)) {
    spec['initContainers'] = own.filter((container) => !isHook(container));
  }
  return found;
}

interface ReadContainer {
  readonly container: Fields;
  readonly written: WrittenHook;
}

function requestedContainers(
  pod: KubernetesObject,
  spec: RestoreHooks | undefined,
): (ReadContainer | BadHook)[] {
  return matchingHooks(pod, spec).flatMap(({ hook, pointer, source }) => {
    if (hook.init === undefined) {
      return [];
    }
    const init = requestedHook(hook.init, `${pointer}/init`, source);
    return hook.init.initContainers.map((container, at) => {
      const own = requestedHook(container, `${pointer}/init/initContainers/${String(at)}`, source);
      const isOfInit = (field: string): boolean => field === 'timeout';
      const written: WrittenHook = {
        source,
        valueOf: (field) => (isOfInit(field) ? init : own).valueOf(field),
        placeOf: (field) => (isOfInit(field) ? init : own).placeOf(field),
      };
      return readContainer(written, isMapping(container) ? container : {});
    });
  });
}

function readContainer(written: WrittenHook, rest: Fields): ReadContainer | BadHook {
  const reader = new HookReader(written);
  if (isBlank(written.valueOf('image'))) {
    reader.refuse('image', 'is missing; write an image');
  }
  if (written.source !== 'annotations' && isBlank(written.valueOf('name'))) {
    reader.refuse('name', 'is missing; write a name');
  }
  const command = reader.read<readonly string[] | undefined>('command', readCommand, undefined);
  reader.read('timeout', readDuration(WAIT_RANGE), 0);
  const container = {
    ...rest,
    name: reader.read('name', readContainerName, DEFAULT_NAME),
    image: reader.read('image', readImage, ''),
    ...(command === undefined ? {} : { command }),
  };
  return reader.result({ container, written }, 'Fail');
}

/** A pod has each name once; what an earlier restore of the same hook has added is no other container. */
function withoutTwin(
  hook: ReadContainer,
  pod: KubernetesObject,
  before: readonly ReadContainer[],
): ReadContainer | BadHook {
  const { container, written } = hook;
  const { containers, initContainers } = fields(pod['spec']);
  const others = list(initContainers).filter((own) => !isSameHook(fields(own), container));
  const taken = [...list(containers), ...others, ...before.map((one) => one.container)];
  if (!taken.some((one) => nameOf(one) === nameOf(container))) {
    return hook;
  }
  const reader = new HookReader(written);
  const what = `is ${quoted(nameOf(container))}, which is the name of another container of the pod; write another`;
  reader.refuse('name', what);
  return reader.result(hook, 'Fail');
}

function isSameHook(own: Fields, hook: Fields): boolean {
  return ['name', 'image', 'command', 'args'].every((field) => {
    return isSameValue(own[field] ?? null, hook[field] ?? null);
  });
}
