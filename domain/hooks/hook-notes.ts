import type { KubernetesObject } from '../item.ts';
import { backupHooksOf } from './backup-hooks.ts';

/** A pod that has hooks before, or after, its volumes are copied. */
export interface HookNote {
  readonly namespace: string;
  readonly pod: string;
  readonly hook: 'pre' | 'post';
}

/** What a pod has by its own annotations. */
export function hookNotes(pod: KubernetesObject): HookNote[] {
  const { name, namespace = '' } = pod.metadata;
  const hooks = backupHooksOf(pod, undefined);
  return (['pre', 'post'] as const)
    .filter((hook) => hooks[hook].length > 0)
    .map((hook) => ({ namespace, pod: name, hook }));
}
