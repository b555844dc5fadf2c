import type { KubernetesObject } from '../item.ts';
import { hasEnded, phaseOf } from './volume-facts.ts';

/** The annotations that give a pod a hook of a backup; Velero reads the last one when the first is missing. */
const COMMAND_ANNOTATIONS = {
  pre: ['pre.hook.backup.velero.io/command', 'hook.backup.velero.io/command'],
  post: ['post.hook.backup.velero.io/command'],
} as const;

/** A hook that a backup would run in a pod. */
export interface HookNote {
  readonly namespace: string;
  readonly pod: string;
  readonly hook: keyof typeof COMMAND_ANNOTATIONS;
}

/** The hooks that a pod has by its annotations; nothing can be run in a pod that has ended. */
export function hookNotes({ metadata, ...pod }: KubernetesObject): HookNote[] {
  const { name, namespace = '', annotations = {} } = metadata;
  if (hasEnded({ phase: phaseOf(pod) })) {
    return [];
  }
  return (['pre', 'post'] as const)
    .filter((hook) => COMMAND_ANNOTATIONS[hook].some((key) => (annotations[key] ?? '') !== ''))
    .map((hook) => ({ namespace, pod: name, hook }));
}
