import { fields } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';

/** Which nodes a pod may run on, as its spec says it. A restored volume must be made where its pod can follow. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, unknown>>;
  /** `spec.affinity.nodeAffinity`. */
  readonly nodeAffinity?: Readonly<Record<string, unknown>>;
}

const HOSTNAME = 'kubernetes.io/hostname';
const PREFERENCE_MAX = 100;

/** The placement of a pod; undefined where it may run anywhere. */
export function placementOf(pod: KubernetesObject): Placement | undefined {
  const spec = fields(pod['spec']);
  const nodeSelector = fields(spec['nodeSelector']);
  const nodeAffinity = fields(fields(spec['affinity'])['nodeAffinity']);
  const placement = {
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(Object.keys(nodeAffinity).length > 0 ? { nodeAffinity } : {}),
  };
  return Object.keys(placement).length > 0 ? placement : undefined;
}

/** The same placement, and rather the given node than another one. */
export function preferNode(placement: Placement | undefined, node: string): Placement {
  const { nodeSelector, nodeAffinity = {} } = placement ?? {};
  const given = nodeAffinity['preferredDuringSchedulingIgnoredDuringExecution'];
  const preference = {
    weight: PREFERENCE_MAX,
    preference: { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [node] }] },
  };
  const preferred = [...(Array.isArray(given) ? (given as unknown[]) : []), preference];
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    nodeAffinity: {
      ...nodeAffinity,
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    },
  };
}
