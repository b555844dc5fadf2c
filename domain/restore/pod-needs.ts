import { fields, list } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { CLAIMS, claimNameOf, PRIORITY_CLASSES } from '../selection/related-items.ts';

/**
 * What a pod of a backup cannot start without, in the form of `itemText`: the claims that it names and its priority
 * class, as in Velero's restore item actions for pods. The claim of a generic ephemeral volume is not among them, since
 * the cluster makes one for each new pod.
 */
export function neededByPod({ metadata: { namespace = '' }, spec }: KubernetesObject): string[] {
  const { volumes, priorityClassName } = fields(spec);
  const claims = list(volumes).flatMap((volume) => claimNameOf(volume) ?? []);
  return [
    ...claims.map((name) => `${CLAIMS}/${namespace}/${name}`),
    ...(typeof priorityClassName === 'string' && priorityClassName !== ''
      ? [`${PRIORITY_CLASSES}/${priorityClassName}`]
      : []),
  ];
}
