import type { KubernetesObject } from '../item.ts';
import { hasEnded, phaseOf } from '../volumes/volume-facts.ts';
import type { BadHook, PlannedHook } from './hook.ts';
import { isHookFor } from './hook-filter.ts';
import type { BackupHooks } from './hook-spec.ts';
import { readDuration, THAW_RANGE } from './hook-values.ts';
import {
  annotatedHook,
  type ExecRules,
  HookReader,
  readExec,
  requestedHook,
  type WrittenHook,
} from './written-hook.ts';

/** The hooks of a pod in a backup, in the order in which they are run. */
export interface PodHooks {
  readonly pre: readonly PlannedHook[];
  readonly post: readonly PlannedHook[];
  /** How long after the first pre hook began the post hooks run at the latest, whatever became of the backup. */
  readonly thawAfterMs: number;
}

type HookPhase = 'pre' | 'post';

const THAW_AFTER = 'thawAfter';
const THAW_KEYS = { [THAW_AFTER]: ['holdfast.dev/thaw-after'] };
const DEFAULT_THAW_AFTER_MS = 3_600_000;
const RULES: ExecRules = { timeoutField: 'timeout', defaultMode: 'Fail' };
/** Velero's annotations; those of its first releases stand for a pre hook. */
const ANNOTATIONS: Readonly<Record<HookPhase, Readonly<Record<string, readonly string[]>>>> = {
  pre: annotationKeys(['pre.hook.backup.velero.io', 'hook.backup.velero.io']),
  post: annotationKeys(['post.hook.backup.velero.io']),
};

/** The hooks of a pod: for each phase those of its annotations, or else those of the request. */
export function backupHooksOf(pod: KubernetesObject, spec: BackupHooks | undefined): PodHooks {
  const pre = hooksOf(pod, spec, 'pre');
  const post = hooksOf(pod, spec, 'post');
  const { thawAfterMs, bad } = thawAfterOf(pod, spec);
  const hasHooks = pre.length + post.length > 0;
  return { pre: hasHooks ? [...bad, ...pre] : pre, post, thawAfterMs };
}

function hooksOf(
  pod: KubernetesObject,
  spec: BackupHooks | undefined,
  phase: HookPhase,
): PlannedHook[] {
  if (hasEnded({ phase: phaseOf(pod) })) {
    return [];
  }
  const annotated = annotatedHook(pod, ANNOTATIONS[phase]);
  const isAnnotated = (annotated.valueOf('command') ?? '') !== '';
  const written = isAnnotated ? [annotated] : requestedHooks(pod, spec, phase);
  return written.map((hook) => readHook(hook, pod));
}

function requestedHooks(
  pod: KubernetesObject,
  { resources = [] }: BackupHooks = {},
  phase: HookPhase,
): WrittenHook[] {
  return resources.flatMap((resource, index) =>
    isHookFor(resource, pod)
      ? (resource[phase] ?? []).map(({ exec }, at) => {
          const pointer = `/spec/hooks/resources/${String(index)}/${phase}/${String(at)}/exec`;
          return requestedHook(exec, pointer, `spec ${resource.name}`);
        })
      : [],
  );
}

function readHook(written: WrittenHook, pod: KubernetesObject): PlannedHook {
  const reader = new HookReader(written);
  const hook = readExec(reader, written, { pod, ...RULES });
  return reader.result(hook, hook.onError);
}

/** A time that cannot be read keeps the pod from being frozen: nobody would know when to thaw it. */
function thawAfterOf(
  pod: KubernetesObject,
  spec: BackupHooks | undefined,
): { readonly thawAfterMs: number; readonly bad: readonly BadHook[] } {
  const annotated = annotatedHook(pod, THAW_KEYS);
  const isAnnotated = (annotated.valueOf(THAW_AFTER) ?? '') !== '';
  const written = isAnnotated ? annotated : requestedHook(spec, '/spec/hooks', 'spec thawAfter');
  const reader = new HookReader(written);
  const thawAfterMs = reader.read(THAW_AFTER, readDuration(THAW_RANGE), DEFAULT_THAW_AFTER_MS);
  const result = reader.result(undefined, 'Fail');
  return { thawAfterMs, bad: result === undefined ? [] : [result] };
}

function annotationKeys(prefixes: readonly string[]): Record<string, readonly string[]> {
  const keysOf = (name: string): string[] => prefixes.map((prefix) => `${prefix}/${name}`);
  return {
    container: keysOf('container'),
    command: keysOf('command'),
    onError: keysOf('on-error'),
    timeout: keysOf('timeout'),
  };
}
