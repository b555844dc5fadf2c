import { Failure } from '../../domain/failure.ts';
import type { ItemReference, KubernetesObject } from '../../domain/item.ts';
import { refusal } from './errors.ts';
import type { ExecTarget } from './port.ts';
import type { ApiRequest, Transport } from './transport.ts';

type PodName = Pick<ExecTarget, 'namespace' | 'pod'>;

interface PodFields extends KubernetesObject {
  readonly spec?: Lists<'containers' | 'initContainers' | 'ephemeralContainers', object>;
  readonly status?: Lists<
    'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses',
    { readonly state?: ContainerState }
  > & { readonly phase?: string };
}

type Lists<Key extends string, Entry> = Readonly<
  Partial<Record<Key, readonly ({ readonly name: string } & Entry)[]>>
>;

interface ContainerState {
  readonly running?: object;
  readonly waiting?: { readonly reason?: string };
  readonly terminated?: { readonly reason?: string };
}

/** What of the pod keeps a command from running in it; undefined where that cannot be told. */
export async function podFault(
  transport: Transport,
  target: ExecTarget,
  { action, subject, signal }: ApiRequest,
): Promise<Failure | undefined> {
  const path = podPath(target);
  const answer = await transport.send({ method: 'GET', path, action, subject, signal });
  if (!answer.ok) {
    return answer.status === 404 ? refusal(answer, action, subject) : undefined;
  }
  // The API server's answer is a pod.
  const pod = JSON.parse(answer.text) as PodFields;
  if (!containersOf(pod).some(({ name }) => name === target.container)) {
    return new Failure('not-found', `${action}: the pod has no such container`, { subject });
  }
  const reason = whyNotRunning(pod, target.container);
  return reason === undefined
    ? undefined
    : new Failure('pod-not-running', `${action}: the container does not run (${reason})`, {
        subject,
      });
}

/** The word of the kubelet for a container that does not run, or the phase of its pod. */
function whyNotRunning(pod: PodFields, container: string): string | undefined {
  const state = statusesOf(pod).find(({ name }) => name === container)?.state ?? {};
  if (state.running !== undefined) {
    return undefined;
  }
  return (state.waiting ?? state.terminated)?.reason ?? pod.status?.phase ?? 'no state';
}

/** A pod, as failures name it. */
export function podItem({ namespace, pod }: PodName): ItemReference {
  return { group: '', resource: 'pods', namespace, name: pod };
}

/** Path of a pod in the API server. */
export function podPath({ namespace, pod }: PodName): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}

function containersOf({ spec = {} }: PodFields) {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  return [...containers, ...initContainers, ...ephemeralContainers];
}

function statusesOf({ status = {} }: PodFields) {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status;
  return [containerStatuses, initContainerStatuses, ephemeralContainerStatuses].flatMap(
    (list) => list ?? [],
  );
}
