import { type Fields, fields, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { dropGate } from './pod-gate.ts';

/** Volumes of tokens that the API server's admission adds to every pod are named so. */
const PROJECTED_TOKEN = 'kube-api-access-';

/**
 * Takes out of a Pod what a cluster decided about it, the gate of an earlier restore, and the containers that somebody
 * added for debugging, with which no pod can be created. Source of the rule: Velero's pod_action.go, which knows the older volumes of tokens alone.
 */
export function cleanPod(pod: KubernetesObject): void {
  const spec = fields(pod['spec']);
  delete spec['nodeName'];
  delete spec['priority'];
  delete spec['ephemeralContainers'];
  dropGate(pod);
  const account = spec['serviceAccountName'];
  const prefixes = [
    PROJECTED_TOKEN,
    ...(typeof account === 'string' && account !== '' ? [`${account}-token-`] : []),
  ];
  const isToken = (entry: unknown): boolean =>
    prefixes.some((prefix) => nameOf(entry).startsWith(prefix));
  dropFrom(spec, 'volumes', isToken);
  for (const container of [...list(spec['containers']), ...list(spec['initContainers'])]) {
    dropFrom(fields(container), 'volumeMounts', isToken);
  }
}

function dropFrom(holder: Fields, field: string, isDropped: (entry: unknown) => boolean): void {
  const entries = holder[field];
  if (Array.isArray(entries)) {
    holder[field] = entries.filter((entry) => !isDropped(entry));
  }
}
