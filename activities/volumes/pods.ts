import { fields, list } from '../../domain/fields.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { GATE } from '../../domain/restore/pod-gate.ts';
import { type PodFacts, podFacts } from '../../domain/volumes/volume-facts.ts';
import type { Cluster } from '../kubernetes/port.ts';

export const POD: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  isNamespaced: true,
};

/** A pod as it is now. */
export interface LivePod extends PodFacts {
  readonly uid: string;
  readonly isBeingDeleted: boolean;
  readonly object: KubernetesObject;
}

/** One pod, or undefined if there is none. */
export async function readPod(
  cluster: Pick<Cluster, 'read'>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal?: AbortSignal,
): Promise<LivePod | undefined> {
  const object = await cluster.read(POD, { ...POD, namespace, name }, signal);
  return object === undefined ? undefined : livePod(object);
}

/** The pods of a namespace that have some labels. */
export async function podsWithLabels(
  cluster: Pick<Cluster, 'listPages'>,
  { namespace, labelSelector }: { readonly namespace: string; readonly labelSelector: string },
  signal: AbortSignal,
): Promise<LivePod[]> {
  return podsOf(cluster, { scope: { namespace, labelSelector }, signal, isWanted: () => true });
}

/** The pods of a namespace that mount a claim. */
export async function podsWithClaim(
  cluster: Pick<Cluster, 'listPages'>,
  { namespace, claim }: { readonly namespace: string; readonly claim: string },
  signal: AbortSignal,
): Promise<LivePod[]> {
  const isWanted = (pod: LivePod): boolean => mounts(pod, claim);
  return podsOf(cluster, { scope: { namespace }, signal, isWanted });
}

interface WantedPods {
  readonly scope: { readonly namespace: string; readonly labelSelector?: string };
  readonly signal: AbortSignal;
  readonly isWanted: (pod: LivePod) => boolean;
}

async function podsOf(
  cluster: Pick<Cluster, 'listPages'>,
  { scope, signal, isWanted }: WantedPods,
): Promise<LivePod[]> {
  const pods: LivePod[] = [];
  const options = { signal, isMixedAllowed: true };
  for await (const page of cluster.listPages({ type: POD, ...scope }, options)) {
    pods.push(...page.map(({ object }) => livePod(object)).filter(isWanted));
  }
  return pods;
}

/** Whether what is in a pod's volumes can be read on its node. */
export function isRunning({ phase, node, isBeingDeleted }: LivePod): boolean {
  return phase === 'Running' && node !== undefined && !isBeingDeleted;
}

/** Whether a pod runs on a node, or will; its volumes may not be mounted yet. */
export function isScheduled({ phase, node, isBeingDeleted }: LivePod): boolean {
  return (phase === 'Pending' || phase === 'Running') && node !== undefined && !isBeingDeleted;
}

/** Whether a pod is about to run, or about to go. */
export function isOnItsWay({ phase, node, isBeingDeleted }: LivePod): boolean {
  return isBeingDeleted || (phase === 'Pending' && node !== undefined);
}

/** Whether a pod has still to come to its gate. */
export function isBeforeGate({ phase }: LivePod): boolean {
  return phase === 'Pending';
}

/** Why a container of a pod does not start, in the word of the kubelet: `ErrImagePull`. */
export function waitingReasons({ object }: LivePod): string[] {
  return list(fields(object['status'])['containerStatuses']).flatMap((status) => {
    const { reason } = fields(fields(fields(status)['state'])['waiting']);
    return typeof reason === 'string' ? [reason] : [];
  });
}

/** Whether a pod waits at the gate that a restore has put into it. */
export function isAtGate({ object, node, isBeingDeleted }: LivePod): boolean {
  const statuses = list(fields(object['status'])['initContainerStatuses']);
  const gate = statuses.map(fields).find((status) => status['name'] === GATE);
  const isWaiting = fields(gate?.['state'])['running'] !== undefined;
  return isWaiting && node !== undefined && !isBeingDeleted;
}

function mounts({ volumes }: LivePod, claim: string): boolean {
  return volumes.some(({ claimName }) => claimName === claim);
}

function livePod(object: KubernetesObject): LivePod {
  const { uid = '', deletionTimestamp } = object.metadata;
  return { ...podFacts(object), uid, isBeingDeleted: deletionTimestamp !== undefined, object };
}
